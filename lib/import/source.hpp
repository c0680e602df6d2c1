// The kinds of sources, by the key under which a manifest names them: {audio: ...}, {phy: ...}.
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

// What a source can give. Each function reads and checks the options in `node`, before any file is
// opened, and returns what reads the files. Null: it has none of these.
struct Source {
  const char* key = "";
  ReadSounds (*sounds)(config::Node& node) = nullptr;
  ReadPresentations (*presentations)(config::Node& node) = nullptr;
  ReadResponses (*responses)(config::Node& node) = nullptr;
  ReadFacts (*facts)(config::Node& node) = nullptr;
  // What of `files` it would read, for `--draft`; null: it is never guessed.
  void (*draft)(const Listing& files, Draft& draft) = nullptr;
  bool are_spectrograms = false;  // its sounds come as spectrograms
};

// In the order of sources.inc.
const std::vector<Source>& sources();

// The one of these kinds whose key stands in the mapping `node`; ConfigError where there is none or
// several. `role` is the member of Source that is asked for: &Source::sounds.
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
                std::string("is one source, ") + chosen->key + " another: name one of the two");
    }
    chosen = &source;
  }
  if (chosen == nullptr) node.fail("", "expected one of the sources " + keys);
  return *chosen;
}

// A text that must be there.
std::string required_text(config::Node& node, const std::string& key, const std::string& doc);

}  // namespace strffit::import
