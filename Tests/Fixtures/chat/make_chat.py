"""Chat templates of published models, and what transformers makes of conversations with them.

    python make_chat.py        # transformers 5.24, jinja2 3.1

`cases.json` has for each case the template, the names that it is given, and what it writes; or null where it refuses.
"""

import json
from pathlib import Path

from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE
from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = Path(__file__).parent

# Idefics 3 and SmolVLM, as their processors are published.
SMOLVLM = "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
IDEFICS3 = SMOLVLM.replace("<|im_start|>", "<|begin_of_text|>")
CHATML = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
QWEN2 = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
QWEN2_VL = "{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>{% elif content['type'] == 'video' or 'video' in content %}{% set video_count.value = video_count.value + 1 %}{% if add_vision_id %}Video {{ video_count.value }}: {% endif %}<|vision_start|><|video_pad|><|vision_end|>{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
LLAMA2 = "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
LLAMA3 = "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
GEMMA = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
QWEN25 = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}
        {{- tool | tojson }}
    {%- endfor %}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "tool" %}
        {{- '<|im_start|>user' if loop.previtem is not defined or loop.previtem.role != "tool" else '' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
SMOLLM3 = """{# reasoning off #}
{%- set system = namespace(found=false, text='') -%}
{%- for m in messages if m.role == 'system' -%}
  {%- set system.found = true -%}
  {%- set system.text = system.text ~ m.content.split('/no_think')[0].rstrip() -%}
{%- endfor -%}
<|im_start|>system
{{ system.text if system.found else "none given" }}<|im_end|>
{% for m in messages %}
    {% if m.role != 'system' %}
<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
    {% else %}
        {% continue %}
    {% endif %}
{% endfor %}
{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
PIXTRAL = """{%- for message in messages -%}
{%- if message['role'] == 'user' -%}[INST]
{%- for item in message['content'] | selectattr('type', 'equalto', 'image') -%}[IMG]{%- endfor -%}
{%- for item in message['content'] | rejectattr('type', 'equalto', 'image') -%}{{ item.text }}{{ ' ' if not loop.last }}{%- endfor -%}[/INST]
{%- else -%}{{ message['content'] | map(attribute='text') | join(' ') }}</s>{%- endif -%}
{%- else -%}nothing{%- endfor -%}"""

PARTS = [
    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is in it?"}]},
    {"role": "assistant", "content": [{"type": "text", "text": " Élan, a dog."}]},
    {"role": "user", "content": [{"type": "text", "text": "And <b>here</b>? "}, {"type": "image"}, {"type": "image"}]},
]
TEXTS = [
    {"role": "system", "content": " Be brief./no_think\n"},
    {"role": "user", "content": "  Hello\n there "},
    {"role": "assistant", "content": "Hi ß."},
    {"role": "user", "content": "Why?"},
]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def names(messages, **more):
    return {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": True, **TOKENS, **more}


CASES = []
for name, template in [("smolvlm", SMOLVLM), ("idefics3", IDEFICS3), ("smolvlm default", DEFAULT_CHAT_TEMPLATE), ("qwen2-vl", QWEN2_VL), ("pixtral", PIXTRAL)]:
    CASES += [(name, template, names(PARTS)), (name + " one", template, names(PARTS[:1]))]
    CASES.append((name + " no prompt", template, names(PARTS, add_generation_prompt=False, add_vision_id=True)))
    CASES.append((name + " none", template, names([])))
    CASES.append((name + " empty", template, names([{"role": "user", "content": []}])))
for name, template in [("chatml", CHATML), ("qwen2", QWEN2), ("qwen2.5", QWEN25), ("llama2", LLAMA2), ("llama3", LLAMA3), ("gemma", GEMMA), ("smollm3", SMOLLM3), ("smolvlm default", DEFAULT_CHAT_TEMPLATE), ("qwen2-vl", QWEN2_VL)]:
    CASES += [(name + " texts", template, names(TEXTS)), (name + " without system", template, names(TEXTS[1:])), (name + " twice the user", template, names(TEXTS[1:2] * 2))]

# What the language does, a line each.
for line in [
    "{{ 'a' if x else 'b' }}|{{ 'a' if x }}|{{ y or 'c' }}|{{ y and 'c' }}", "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 + 3 * 4 - 1 }} {{ 'ab' * 2 }}",
    "{{ 1 < 2 <= 2 }} {{ 1 < 2 > 3 }} {{ 'b' > 'a' }} {{ 1 == 1.0 }} {{ true == 1 }} {{ none == false }}", "{{ not x is defined }} {{ y is defined }} {{ n is none }} {{ y is not none }}",
    "{{ [1,2,3][-1] }}{{ [1,2,3][5] }}{{ 'hello'[1:3] }}{{ 'hello'[::-1] }}{{ 'hello'[-3:] }}{{ 'hello'[:-1] }}{{ [1,2,3,4][::2] | join('-') }}",
    "{% for a, b in {'k': 1, 'l': 2}.items() %}{{ a }}={{ b }}{{ ',' if not loop.last }}{% endfor %}", "{% for i in range(3) %}{{ loop.index }}/{{ loop.length }}/{{ loop.revindex0 }}{% else %}never{% endfor %}",
    "{% for i in [] %}{{ i }}{% else %}empty{% endfor %}", "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% set a = 1 %}{% for i in range(2) %}{% set a = a + 1 %}{{ a }}{% endfor %}{{ a }}", "{% set ns = namespace(n=1) %}{% for i in range(4) %}{% set ns.n = ns.n * 2 %}{% endfor %}{{ ns.n }}",
    "{% set t %}x{{ y }}x{% endset %}{{ t | upper }}{{ t | length }}", "{{ ' a b '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ ' a'.lstrip() }}|{{ 'a '.rstrip() }}|{{ 'a,b,c'.split(',') | join('+') }}|{{ ' a  b '.split() | join('+') }}|{{ 'a,b,c'.split(',', 1)[1] }}",
    "{{ 'hello WORLD' | capitalize }} {{ 'hello-world (big)' | title }} {{ \"they're here\".title() }} {{ 'straße' | upper }} {{ 'ǆ'.capitalize() }} {{ 'ÀÉ' | lower }}",
    "{{ 'abcabc'.replace('b', 'xx') }} {{ 'abc' | replace('a', '') }} {{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('bc') }} {{ 'b' in 'abc' }} {{ 'z' not in 'abc' }} {{ 2 in [1, 2] }} {{ 'k' in {'k': 1} }}",
    "{{ x | default('d') }} {{ '' | default('e') }} {{ '' | default('f', true) }} {{ n }} {{ true }} {{ 1.5 }} {{ '5' | int + 1 }}", "{{ 'a' ~ 1 ~ none ~ true }} {{ 'a' 'b' }} {{ \"q\\\"q\\n\" }}",
    "  {% if true %}\n  a\n  {% endif %}\nb\n", "a  {%- if true -%}  b  {%- endif +%}\nc", "a\n   {# c #}\nb {# d #} \n", "{%- if true %}   x   {% endif %}\n\n", "x\n  {%+ if true %}y{% endif %}", "{{ {'a': {'b': 'c'}}.a.b }}{{ {'a': 1}.get('z', 'w') }}{{ {'a': 1}.get('z') }}",
    "{{ 3 is odd }}{{ 4 is even }}{{ 9 is divisibleby 3 }}{{ 'a' is string }}{{ 1 is number }}{{ {} is mapping }}{{ [] is iterable }}{{ 'a' is eq 'a' }}{{ 'a' is in ['a'] }}{{ 5 is sameas 5 }}",
    "{{ [3,1,2] | first }}{{ [3,1,2] | last }}{{ 'abc' | reverse }}{{ 'a\u0301' | length }}{{ [1,[2,3]][1][0] }}{{ (1, 2)[1] }}{{ -y | length if false else 'ok' }}",
    "{{ not not y }}{{ not (x or false) }}{{ (1 if false else 2 if true else 3) }}", "{% if x is defined and x.y %}a{% elif y == 'yes' %}b{% else %}c{% endif %}", "{{ x.y }}", "{{ 'a' + 1 }}", "{{ n + 'a' }}", "{{ x['y'] }}", "{{ raise_exception('No: ' + y) }}", "{% generation %}{{ y }}{% endgeneration %}", "{{ '%}' }}{{ \"{{\" }}", "{{ loop }}", "{% for i in 'ab' %}{% for j in [1] %}{{ loop.index }}{{ i }}{% endfor %}{{ loop.last }}{% endfor %}", "{{ messages | length }}{{ messages[0:1] | length }}{{ (messages | last).role }}", "{% for k in {'b': 1, 'a': 2} %}{{ k }}{% endfor %}", "\n{% if true %}\n\n x {% endif %} \n\n",
]:
    CASES.append((line, line, names(TEXTS, y="yes", n=None)))

result = []
for name, template, given in CASES:
    try:
        text = _compile_jinja_template(template).render(**given)
    except Exception:
        text = None
    result.append({"name": name, "template": template, "names": given, "text": text})
(HERE / "cases.json").write_text(json.dumps(result, ensure_ascii=True, indent=0) + "\n")
print(len(result), sum(case["text"] is None for case in result))
