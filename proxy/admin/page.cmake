# What the status page is made of: every file of page/, and dygraphs, which draws its plots, from Debian's package.
file(GLOB page_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/page/*)
set(dygraphs_files /usr/share/javascript/dygraphs/dygraph.min.js /usr/share/javascript/dygraphs/dygraph.min.css)
set(dygraphs_licence /usr/share/doc/libjs-dygraphs/copyright)
foreach(file IN LISTS dygraphs_files dygraphs_licence)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "The status page draws with dygraphs, and ${file} is not there: install libjs-dygraphs "
                        "(scripts/setup does)")
  endif()
endforeach()

list(JOIN page_files "," page_list)
list(JOIN dygraphs_files "," dygraphs_list)
add_custom_command(
  OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/page.cpp
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/page.cpp -DHEADER=proxy/admin/page.hpp
          -DNAMESPACE=weir::admin::page -DTABLE=files
          -DFILES=${page_list},${dygraphs_list},licences.txt:${dygraphs_licence}
          -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${page_files} ${dygraphs_files} ${dygraphs_licence} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
  VERBATIM)
