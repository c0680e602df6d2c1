# The files of the wheel beside those of packaging/python/strffit: strffit/bin the program, strffit/lib every
# library that it needs but LibTorch, which is that of the torch package beside it.
set_target_properties(strffit PROPERTIES INSTALL_RPATH_USE_LINK_PATH OFF
                      INSTALL_RPATH "$ORIGIN/../lib:$ORIGIN/../../torch/lib")
install(TARGETS strffit RUNTIME DESTINATION strffit/bin COMPONENT wheel)
foreach(level IN LISTS levels)
  set(folder strffit/lib)
  if(NOT level STREQUAL "v2")
    string(APPEND folder /glibc-hwcaps/x86-64-${level})
  endif()
  set_target_properties(strffit_kernels_${level} PROPERTIES INSTALL_RPATH_USE_LINK_PATH OFF)
  install(TARGETS strffit_kernels_${level} LIBRARY DESTINATION ${folder} COMPONENT wheel)
  add_dependencies(strffit strffit_kernels_${level})
endforeach()
install(CODE "
  set(PROGRAM \"$<TARGET_FILE:strffit>\")
  set(TO \"\${CMAKE_INSTALL_PREFIX}/strffit/lib\")
  set(EXCLUDE \"^lib(torch|c10|shm|caffe2)\")
  include(\"${CMAKE_CURRENT_LIST_DIR}/bundle.cmake\")" COMPONENT wheel)
