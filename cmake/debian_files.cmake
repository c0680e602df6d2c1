# Debian's places: man pages compressed, zsh's vendor-completions, doc/strffit/copyright.
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
if(NOT EXISTS ${share}/doc/strffit/LICENSE)
  message(FATAL_ERROR "${share} has no documentation")
endif()
file(GLOB pages ${share}/man/man1/*.1)
execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
file(RENAME ${share}/doc/strffit/LICENSE ${share}/doc/strffit/copyright)
