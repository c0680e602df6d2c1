// Kinds of sources, chosen by their key in a manifest: {audio: ...}, {phy: ...}.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "import/draft_parts.hpp"
#include "import/recording.hpp"

namespace strffit::import {

using ReadSounds = std::function<Sounds(Reading&)>;
using ReadPresentations = std::function<std::vector<Presentation>(Reading&, const Sounds&)>;
using ReadResponses = std::function<Responses(Reading&, const Sounds&)>;
using ReadFacts = std::function<Facts(Reading&)>;

// A kind of source. Each function reads and checks the options in `node` before any file is opened,
// and returns a function that reads the files. Null: not offered.
struct Source {
  const char* key = "";
  ReadSounds (*sounds)(config::Node& node) = nullptr;
  ReadPresentations (*presentations)(config::Node& node) = nullptr;
  ReadResponses (*responses)(config::Node& node) = nullptr;
  ReadFacts (*facts)(config::Node& node) = nullptr;
  // Drafts from `files` for `--draft`; null: never drafted.
  void (*draft)(const Listing& files, Draft& draft) = nullptr;
  bool are_spectrograms = false;  // sounds are given as spectrograms
};

// In the order of sources.inc.
const std::vector<Source>& sources();

// The kind whose key the mapping `node` has, among those with `role`, a member of Source such as
// &Source::sounds. ConfigError if there is none or several.
template <class Role>
const Source& chosen_source(const config::Node& node, Role role) {
  const Source* chosen = nullptr;
  std::string keys;
  for (const Source& source : sources()) {
    if (source.*role == nullptr) continue;
    keys += (keys.empty() ? "" : ", ") + std::string(source.key);
    if (!node.has(source.key)) continue;
    if (chosen != nullptr) {
      node.fail(source.key,
                std::string("conflicts with ") + chosen->key + ": give only one source");
    }
    chosen = &source;
  }
  if (chosen == nullptr) node.fail("", "expected one of the sources " + keys);
  return *chosen;
}

// A required text.
std::string required_text(config::Node& node, const std::string& key, const std::string& doc);

}  // namespace strffit::import
