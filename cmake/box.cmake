set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # The two slops let ccache cache files that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_library(weir_warnings INTERFACE)
target_compile_options(weir_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                               -Wnon-virtual-dtor -Woverloaded-virtual -Werror)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlaps and overruns in std::string's own operator+ that are not there (GCC bug 105651).
  target_compile_options(weir_warnings INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
endif()

# A box of weir: weir_box(NAME SOURCES a.cpp b.cpp USES targets…). What a box may include is what it links.
function(weir_box name)
  cmake_parse_arguments(BOX "" "" "SOURCES;USES" ${ARGN})
  add_library(weir_${name} STATIC ${BOX_SOURCES})
  target_include_directories(weir_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(weir_${name} PRIVATE weir_warnings PUBLIC ${BOX_USES})
  weir_precompile(weir_${name})
endfunction()

function(weir_precompile target)
  if(WEIR_PCH)
    target_compile_options(${target} PRIVATE -fpch-preprocess)
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional>
                              <span> <string> <string_view> <system_error> <variant> <vector>)
  endif()
endfunction()
