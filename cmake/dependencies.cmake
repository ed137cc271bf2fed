# Every library weir stands on, found once. All are Debian packages (scripts/setup).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
pkg_check_modules(nftables REQUIRED IMPORTED_TARGET libnftables)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(mnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(cap REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)

# Debian 13's Abseil hands on, through RE2, a definition that is for Windows; those that use RE2 could not share a
# precompiled header with those that do not.
get_target_property(re2_options PkgConfig::re2 INTERFACE_COMPILE_OPTIONS)
if(re2_options)
  list(REMOVE_ITEM re2_options -DNOMINMAX)
  set_target_properties(PkgConfig::re2 PROPERTIES INTERFACE_COMPILE_OPTIONS "${re2_options}")
endif()

# Asio and Beast are compiled once, in one translation unit each, instead of in every file that includes them.
add_library(weir_asio STATIC ${CMAKE_CURRENT_SOURCE_DIR}/cmake/asio.cpp)
target_link_libraries(weir_asio PUBLIC Boost::headers Threads::Threads)
target_compile_definitions(weir_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
add_library(weir_beast STATIC ${CMAKE_CURRENT_SOURCE_DIR}/cmake/beast.cpp)
target_link_libraries(weir_beast PUBLIC weir_asio)
target_compile_definitions(weir_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
