# clang-cl as on Windows, with MinGW-w64's headers and import libraries in the place of Microsoft's: shows on Debian that the sources and CMakeLists.txt do for
# Microsoft's kind of compiler. Needs clang-tools and lld beside what the Windows build needs. Not for releases.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(CMAKE_C_COMPILER clang-cl-14)
set(CMAKE_C_COMPILER_TARGET x86_64-pc-windows-msvc)
set(CMAKE_RC_COMPILER llvm-rc-14)
set(CMAKE_LINKER lld-link-14)
set(CMAKE_MT llvm-mt-14)
set(CMAKE_AR llvm-lib-14)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# -fgnuc-version, because without it MinGW-w64's headers leave out attributes that clang's own headers need.
set(mingw /usr/x86_64-w64-mingw32)
set(CMAKE_C_FLAGS_INIT "/imsvc ${mingw}/include /clang:-fgnuc-version=4.2.1")
set(CMAKE_RC_FLAGS_INIT "/I${mingw}/include")

# Libraries under Microsoft's names.
set(libraries ${CMAKE_BINARY_DIR}/import-libraries)
foreach(name IN ITEMS kernel32 bcrypt advapi32)
  file(MAKE_DIRECTORY ${libraries})
  file(CREATE_LINK ${mingw}/lib/lib${name}.a ${libraries}/${name}.lib SYMBOLIC)
endforeach()
set(CMAKE_SHARED_LINKER_FLAGS_INIT "/MANIFEST:NO /LIBPATH:${libraries}")
set(CMAKE_MODULE_LINKER_FLAGS_INIT "/MANIFEST:NO /LIBPATH:${libraries}")
set(CMAKE_C_STANDARD_LIBRARIES "" CACHE STRING "")
