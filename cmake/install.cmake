# What `cmake --install` installs: the program, commented configurations, documentation, man
# pages and completion.
install(TARGETS strffit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

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
