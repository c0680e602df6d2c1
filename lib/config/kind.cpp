#include "config/kind.hpp"

#include "util/text.hpp"

namespace strffit::config {

Node map_with_kind(Node& node, const std::string& key, const std::string& doc) {
  if (node.form(key) == Form::scalar) {
    const std::string word = node.get(key, "", doc);
    const std::string path = (node.path().empty() ? "" : node.path() + ".") + key + ".kind";
    node.fail(key, fmt::format("is a mapping; its kind is {0}: write {0}={1} on the command line, "
                               "{2}: {{kind: {1}}} in a file",
                               path, word, key));
  }
  return node.map(key, doc);
}

}  // namespace strffit::config
