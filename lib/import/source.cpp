#include "import/source.hpp"

namespace strffit::import {

#define STRFFIT_SOURCE(name) Source name##_source();
#include "import/sources.inc"
#undef STRFFIT_SOURCE

const std::vector<Source>& sources() {
  static const std::vector<Source> kSources = {
#define STRFFIT_SOURCE(name) name##_source(),
#include "import/sources.inc"
#undef STRFFIT_SOURCE
  };
  return kSources;
}

std::string required_text(config::Node& node, const std::string& key, const std::string& doc) {
  if (!node.has(key)) node.fail(key, "is required: " + doc);
  std::string text = node.get(key, "", doc);
  if (text.empty()) node.fail(key, "expected " + doc + "; found nothing");
  if (text == "?") node.fail(key, "expected " + doc + "; found ?, which must be filled in");
  return text;
}

}  // namespace strffit::import
