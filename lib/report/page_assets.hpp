// Style and script of a report. CMake generates them from page.css and page.js.
#pragma once

namespace strffit {

extern const char* const kPageStyle;
extern const char* const kPageScript;
// SHA-256, in hexadecimal, of the text between the script tags, including its first line break.
extern const char* const kPageScriptSha256;

}  // namespace strffit
