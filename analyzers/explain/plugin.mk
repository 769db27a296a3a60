KIND := explainer
