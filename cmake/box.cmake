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

# Some libraries ask for it, and a precompiled header serves only those who compile as it was compiled.
target_compile_options(weir_warnings INTERFACE -pthread)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  # g++ 12 to 14 see overlaps and overruns in std::string's own operator+ that are not there (GCC bug 105651).
  target_compile_options(weir_warnings INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
endif()

# Two precompiled headers serve every box: the standard library alone, and with Asio on top for the boxes that use it.
# Never more than those: what a file needs it still includes itself (the preset `tidy` compiles without them).
set(standard_headers <algorithm> <array> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <optional> <span>
    <string> <string_view> <system_error> <variant> <vector>)
set(asio_headers <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp>
    <boost/asio/ip/tcp.hpp> <boost/asio/posix/stream_descriptor.hpp> <boost/asio/steady_timer.hpp>
    <boost/asio/use_awaitable.hpp> <boost/system/result.hpp>)
add_library(weir_pch_standard OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
add_library(weir_pch_asio OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
target_link_libraries(weir_pch_asio PRIVATE weir_asio)
if(WEIR_PCH)
  foreach(target weir_pch_standard weir_pch_asio)
    target_link_libraries(${target} PRIVATE weir_warnings)
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # for ccache
  endforeach()
  target_precompile_headers(weir_pch_standard PRIVATE ${standard_headers})
  target_precompile_headers(weir_pch_asio PRIVATE ${standard_headers} ${asio_headers})
endif()

# weir_precompile(TARGET headers…) of its own, or weir_precompile(TARGET REUSE_FROM weir_pch_…).
function(weir_precompile target)
  if(WEIR_PCH)
    target_compile_options(${target} PRIVATE -fpch-preprocess)
    if(ARGV1 STREQUAL "REUSE_FROM")
      target_precompile_headers(${target} REUSE_FROM ${ARGV2})
    else()
      target_precompile_headers(${target} PRIVATE ${ARGN})
    endif()
  endif()
endfunction()

# A box of weir: weir_box(NAME [ASIO] SOURCES a.cpp b.cpp USES targets…). What a box may include is what it links.
function(weir_box name)
  cmake_parse_arguments(BOX "ASIO" "" "SOURCES;USES" ${ARGN})
  add_library(weir_${name} STATIC ${BOX_SOURCES})
  target_include_directories(weir_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(weir_${name} PRIVATE weir_warnings PUBLIC ${BOX_USES})
  if(BOX_ASIO)
    weir_precompile(weir_${name} REUSE_FROM weir_pch_asio)
  else()
    weir_precompile(weir_${name} REUSE_FROM weir_pch_standard)
  endif()
endfunction()
