// HDF5 code shared by reader and writer. Private to this room: nothing else includes H5Cpp.h.
#pragma once

#include <H5Cpp.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace strffit::files {

// Stops HDF5 from printing and from loading filter plugins, which are foreign code.
inline void tame_hdf5() {
  H5::Exception::dontPrint();
  H5PLset_loading_state(0);
}

// The innermost cause on HDF5's error stack, or "" if there is none. Call before any other HDF5
// function, which would clear the stack.
inline std::string hdf5_cause() {
  std::string cause;
  const auto take = [](unsigned, const H5E_error2_t* error, void* text) -> herr_t {
    if (error->desc != nullptr && *error->desc != '\0') {
      *static_cast<std::string*>(text) = error->desc;
    }
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, take, &cause);
  return cause;
}

// Wraps an identifier from the C interface and takes over its reference.
template <class Object>
Object adopt(hid_t id) {
  Object object(id);
  H5Idec_ref(id);
  return object;
}

template <class T>
const H5::PredType& native_type();
template <>
inline const H5::PredType& native_type<float>() {
  return H5::PredType::NATIVE_FLOAT;
}
template <>
inline const H5::PredType& native_type<double>() {
  return H5::PredType::NATIVE_DOUBLE;
}
template <>
inline const H5::PredType& native_type<std::int64_t>() {
  return H5::PredType::NATIVE_INT64;
}
template <>
inline const H5::PredType& native_type<std::int32_t>() {
  return H5::PredType::NATIVE_INT32;
}
template <>
inline const H5::PredType& native_type<std::uint8_t>() {
  return H5::PredType::NATIVE_UINT8;
}

}  // namespace strffit::files
