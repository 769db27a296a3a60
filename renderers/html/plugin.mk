LIBS := md4c zlib
