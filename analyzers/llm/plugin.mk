KIND := explainer
LIBS := libcurl libcjson
