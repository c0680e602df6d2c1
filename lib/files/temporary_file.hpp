// A temporary file that replaces the final one when it is complete.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace strffit::files {

// Text of an errno, such as "No space left on device".
std::string errno_text(int error);

// A new hidden file beside the final one (".NAME.PID.tmp"), removed unless committed. Every
// function throws RunError "cannot write FILE: CAUSE".
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& final_path);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // Appends `size` bytes.
  void write(const void* data, std::size_t size);
  // Writes `size` bytes at `place`; write() continues where it was.
  void write_at(std::size_t place, const void* data, std::size_t size);
  // Leaves a gap of `size` bytes.
  void skip(std::size_t size);
  // Syncs the file, renames it to its final name, syncs the folder.
  void commit();

  // Throws RunError; adds advice if the cause is known.
  [[noreturn]] void fail(const std::string& cause) const;

 private:
  std::string final_path_;
  std::string path_;
  int descriptor_ = -1;
  bool committed_ = false;
};

// Writes or replaces a text file in this way.
void write_text(const std::string& path, const std::string& text);

// Removes temporary files that killed processes left in `folder`: those of dead processes on this
// machine, and all those of the files `ours`. The caller must hold the lock of the folder, so that
// no other process writes these. Returns the names of removed files; empty if the folder is
// missing.
std::vector<std::string> remove_stale_temporaries(const std::string& folder,
                                                  const std::vector<std::string>& ours = {});

}  // namespace strffit::files
