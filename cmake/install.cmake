# What `cmake --install` and packages hold: the program, commented configurations, documentation, man
# pages and completion.
install(TARGETS strffit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(STRFFIT_LEVELS)
  set(kernels ${CMAKE_INSTALL_LIBDIR}/strffit)
  file(RELATIVE_PATH from_program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/strffit)
  set_target_properties(strffit PROPERTIES INSTALL_RPATH "$ORIGIN/${from_program}")
  install(TARGETS strffit_kernels_v2 LIBRARY DESTINATION ${kernels})
  foreach(level IN ITEMS v3 v4)
    install(TARGETS strffit_kernels_${level}
            LIBRARY DESTINATION ${kernels}/glibc-hwcaps/x86-64-${level})
    # The loader finds them, nothing links them.
    add_dependencies(strffit strffit_kernels_${level})
  endforeach()
endif()

# The program itself writes man pages and completion.
set(shell_files ${CMAKE_CURRENT_BINARY_DIR}/shell-files)
install(CODE "
  execute_process(COMMAND \"$<TARGET_FILE:strffit>\" shell-files \"${shell_files}\"
                  COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${shell_files}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
foreach(shell IN ITEMS bash-completion zsh fish)
  install(DIRECTORY ${shell_files}/${shell} DESTINATION ${CMAKE_INSTALL_DATADIR})
endforeach()

install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/strffit)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN Doxyfile EXCLUDE)
install(FILES README.md CHANGELOG.md CONTRIBUTING.md LICENSE CITATION.cff
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

include(${CMAKE_CURRENT_LIST_DIR}/packages.cmake)
