// The command eval, with the options of the tests.
#pragma once

#include <string>

#include "commands/evaluate.hpp"

namespace strffit::test {

inline Evaluation evaluated(const std::string& path, const std::string& split,
                            const std::string& data = "") {
  EvalRequest request;
  request.path = path;
  request.split = split;
  request.data = data;
  request.threads = 1;
  Observer silent;
  return evaluate(request, silent);
}

}  // namespace strffit::test
