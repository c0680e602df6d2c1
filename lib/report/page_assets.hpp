// Style and script of a report, from page.css and page.js, which CMake puts into the program.
#pragma once

namespace strffit {

extern const char* const kPageStyle;
extern const char* const kPageScript;
// Of what stands between the tags of the script, which begins with a line break: hexadecimal.
extern const char* const kPageScriptSha256;

}  // namespace strffit
