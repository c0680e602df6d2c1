// The temporary file behind every write.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace strffit::files {

// "No space left on device", for a message after a failed system call.
std::string errno_text(int error);

// A new hidden file beside the final one (".NAME.PID.tmp"), removed again unless committed.
// Every function throws RunError "cannot write FILE: CAUSE".
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& final_path);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // Appends `size` bytes.
  void write(const void* data, std::size_t size);
  // Writes `size` bytes at a place of the file; the place of write() does not change.
  void write_at(std::size_t place, const void* data, std::size_t size);
  // write() goes on `size` bytes later.
  void skip(std::size_t size);
  // Syncs the file, gives it its final name, syncs the folder.
  void commit();

  // Says, where the cause is known, how to mend it.
  [[noreturn]] void fail(const std::string& cause) const;

 private:
  std::string final_path_;
  std::string path_;
  int descriptor_ = -1;
  bool committed_ = false;
};

// Replaces a text file in the same manner.
void write_text(const std::string& path, const std::string& text);

// Removes the temporary files that killed processes left in `folder`: those of dead processes of
// this machine, and all those of the files `ours`. The caller holds the folder's lock, so no other
// process may write these. Returns the names of the removed files; none where the folder is
// missing.
std::vector<std::string> remove_stale_temporaries(const std::string& folder,
                                                  const std::vector<std::string>& ours = {});

}  // namespace strffit::files
