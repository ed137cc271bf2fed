# Writes files as constants of a C++ source: cmake -DOUTPUT=page.cpp -DHEADER=a/page.hpp -DNAMESPACE=a::page
# -DFILES=index.html,app.js -P embed.cmake. index.html becomes `index_html`.
string(REPLACE "," ";" FILES "${FILES}")
set(text "// Made by cmake/embed.cmake.\n#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND text "static constexpr char ${name}_bytes[] = {${bytes}};\n"
                     "extern const std::string_view ${name}{${name}_bytes, sizeof ${name}_bytes};\n")
endforeach()
string(APPEND text "}\n")
file(WRITE ${OUTPUT} "${text}")
