# cmake -DPROGRAM=<bin/strffit> -DTO=<folder> [-DLOADER=ON] [-DEXCLUDE=<regex>] -P bundle.cmake
# Copies every library that the program and those of TO need into TO, under the name by which it is
# asked for. With LOADER the C library and its loader too. Names that match EXCLUDE stay where they
# are, and so does what only they need.
cmake_minimum_required(VERSION 3.25)
foreach(name IN ITEMS PROGRAM TO)
  if(NOT ${name})
    message(FATAL_ERROR "usage: cmake -DPROGRAM=FILE -DTO=FOLDER -P bundle.cmake")
  endif()
endforeach()
set(CMAKE_GET_RUNTIME_DEPENDENCIES_PLATFORM linux+elf)
file(GLOB_RECURSE own ${TO}/*.so)
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${PROGRAM} LIBRARIES ${own}
     RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing
     CONFLICTING_DEPENDENCIES_PREFIX conflict
     PRE_EXCLUDE_REGEXES "^libstrffit_kernels" ${EXCLUDE})
if(missing)
  message(FATAL_ERROR "not found: ${missing}")
endif()
foreach(name IN LISTS conflict_FILENAMES)
  list(GET conflict_${name} 0 first)
  list(APPEND found ${first})
endforeach()
set(c_library "^(libc|libm|libmvec|libdl|libpthread|librt|libresolv|libutil|libanl|libnsl|ld-linux-x86-64)\\.so")
foreach(file IN LISTS found)
  get_filename_component(name ${file} NAME)
  if(LOADER OR NOT name MATCHES "${c_library}")
    file(REAL_PATH ${file} real)
    configure_file(${real} ${TO}/${name} COPYONLY)
  endif()
endforeach()
