"""Hooks of MkDocs: adds files outside docs/ as pages of the site, and adapts the links to them.

The pages of docs/ link to the files of the project, so that the links also work in a checkout.
"""
import pathlib
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
CONFIGS = "configurations.md"


def configurations():
    text = ["# Example configurations", "", "What `strffit init KIND` prints, and manifests for `strffit import`."]
    for path in sorted((ROOT / "configs").rglob("*.yaml")):
        text += ["", f"## `{path.relative_to(ROOT)}`", "", "```yaml", path.read_text(encoding="utf-8").rstrip(), "```"]
    return "\n".join(text) + "\n"


def on_files(files, config):
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    files.append(File.generated(config, CONFIGS, content=configurations()))
    return files


def on_page_markdown(markdown, page, config, files):
    up = "../" * page.file.src_uri.count("/")

    def target(link):
        place = link[1]
        if page.file.src_uri in PAGES.values():  # these links are relative to the project's folder
            place = place.removeprefix("docs/")
            return f"]({PAGES.get(place, place)}{link[2]})"
        outside = up + "../"
        if not place.startswith(outside):
            return link[0]
        name = place.removeprefix(outside)
        if name in PAGES:
            return f"]({up}{PAGES[name]}{link[2]})"
        if name.split("/")[0] == "configs":
            return f"]({up}{CONFIGS})"
        if name == "README.md":
            return f"]({up}index.md{link[2]})"
        return link[0]

    return re.sub(r"\]\(([^)#\s:]+)(#[^)\s]*)?\)", lambda link: target([link[0], link[1], link[2] or ""]), markdown)
