# Debian packages, by CPack (scripts/package deb).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME strffit)
set(CPACK_PACKAGE_VENDOR "The strffit developers")
set(CPACK_PACKAGE_CONTACT "The strffit developers <strffit@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "fits models of auditory neurons to recorded responses")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Spectro-temporal receptive fields (STRFs) and what builds on them.
 A YAML file says what to fit. One command fits all units, seeds and folds side by side, and writes
 scores, predictions, receptive fields and figures into HDF5 files that Python, MATLAB, Julia and R
 read.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR}/kernels)
# LibTorch works with whatever BLAS there is, and the reference BLAS is forty times slower. Figures
# need letters.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libopenblas0-openmp | libopenblas0, fonts-dejavu-core | fonts-freefont-ttf")
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake)
include(CPack)
