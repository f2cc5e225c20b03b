from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendering_bench import FOLDER, URL, html, rendered, rules

from syndicate.content.article import Format
from syndicate.content.shortcodes import expand


def test_a_hugo_figure_is_a_figure() -> None:
    out = html('{{< figure src="rope.png" alt="A rope" caption="My *rope*" class="wide" >}}')
    assert out.strip() == (
        '<figure><img alt="A rope" src="https://example.org/media/rope.png" width="600" '
        'height="400"><figcaption>My <em>rope</em></figcaption></figure>'
    )


def test_a_figure_without_alt_is_described_by_its_caption() -> None:
    assert 'alt="A rope"' in html('{{<figure src="rope.png" caption="A <b>rope</b>">}}')
    assert rules('Text\n\n{{< figure src="rope.png" >}}') == [("image-alt-missing", 3)]


def test_a_figure_has_its_link() -> None:
    assert '<a href="https://a.example/"><img' in html(
        '{{< figure src="rope.png" alt="" link="https://a.example/" >}}'
    )


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("{{< youtube dQw4w9WgXcQ >}}", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ("{{< youtube id=dQw4w9WgXcQ >}}", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ('{{ youtube(id="dQw4w9WgXcQ") }}', "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ("{% youtube dQw4w9WgXcQ %}", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        (
            "{% youtube https://youtu.be/dQw4w9WgXcQ %}",
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        ),
        (
            '{% include youtube.html id="dQw4w9WgXcQ" %}',
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        ),
        (
            '{% include video id="dQw4w9WgXcQ" provider="youtube" %}',
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        ),
        ("{{% vimeo 146022717 %}}", "https://vimeo.com/146022717"),
        ("{{< gist spf13 7896402 >}}", "https://gist.github.com/spf13/7896402"),
        ("{% gist 7896402 %}", "https://gist.github.com/7896402"),
        ('{{< tweet user="ada" id="12" >}}', "https://twitter.com/ada/status/12"),
        ('{{< x user="ada" id="12" >}}', "https://twitter.com/ada/status/12"),
        ("{{< instagram BWNjjyYFxVx >}}", "https://www.instagram.com/p/BWNjjyYFxVx/"),
        ("{% notebook paper.pdf cells[2:] %}", "https://example.org/media/paper.pdf"),
    ],
)
def test_an_embed_becomes_a_link(written: str, url: str) -> None:
    out = html(f"Before.\n\n{written}\n\nAfter.")
    assert f'<p><a href="{url}">' in out
    assert "{" not in out


def test_a_video_file_stays_a_video_with_a_link_inside() -> None:
    out = html('{{< video src="https://a.example/a.mp4" >}}')
    assert '<video controls="" src="https://a.example/a.mp4">' in out
    assert ">Watch the video a.mp4</a></video>" in out


def test_an_image_of_octopress() -> None:
    out = html("{% img left /rope.png 300 'Title' 'A rope' %}")
    assert '<img alt="A rope" width="300" src="https://example.org/media/rope.png" ' in out
    assert 'height="200"' in out


def test_an_included_figure_of_jekyll() -> None:
    assert '<figure><img alt="A rope"' in html(
        '{% include figure.html src="rope.png" alt="A rope" %}'
    )


@pytest.mark.parametrize(
    "written",
    [
        '[x]({{< ref "bends.md" >}})',
        '[x]({{< relref "bends.md" >}})',
        '[x]({{% ref path="bends.md" %}})',
        "[x]({% link bends.md %})",
        "[x]({% post_url 2019-01-01-bends %})",
        "[x]({{ site.baseurl }}{% post_url 2019-01-01-bends %})",
        '<a href="{{< ref "bends.md" >}}">x</a>',
    ],
)
def test_references_lead_to_articles(written: str) -> None:
    assert '<a href="https://example.org/articles/bends/">x</a>' in html(written)


def test_a_reference_keeps_its_fragment() -> None:
    assert 'href="https://example.org/articles/bends/#loop"' in html(
        '[x]({{< ref "bends.md#loop" >}})'
    )


def test_a_reference_to_nothing_is_reported_with_its_line() -> None:
    assert ("link-missing", 3) in rules('a\n\n[x]({{< ref "none" >}})')


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("[x]({{ site.url }})", "https://example.org/"),
        ("[x]({{ site.baseurl }}/about/)", "https://example.org/about/"),
        ("[x]({{ site.url }}{{ site.baseurl }}/about/)", "https://example.org/about/"),
        ('[x]({{ "/about/" | relative_url }})', "https://example.org/about/"),
        ('[x]({{ "about/" | relative_url }})', "https://example.org/about/"),
        ('[x]({{ "https://a.example/" | absolute_url }})', "https://a.example/"),
        ('[x]({{ get_url(path="@/bends.md") }})', "https://example.org/articles/bends/"),
        ('[x]({{ get_url(path="@/bends.md#a") | safe }})', "https://example.org/articles/bends/#a"),
        ('[x]({{ get_url(path="about/") }})', "https://example.org/about/"),
    ],
)
def test_the_address_of_the_site_is_its_root(written: str, url: str) -> None:
    assert f'<a href="{url}">x</a>' in html(written)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("{{ site.url }}", "https://example.org/blog/"),
        ("{{ site.baseurl }}/about/", "https://example.org/blog/about/"),
        ("{{ site.url }}{{ site.baseurl }}/about/", "https://example.org/blog/about/"),
        ("{{ site.url }}/blog/about/", "https://example.org/blog/about/"),
        ('{{ "/about/" | relative_url }}', "https://example.org/blog/about/"),
        ('{{ "about/" | absolute_url }}', "https://example.org/blog/about/"),
    ],
)
def test_the_address_of_a_site_below_a_path_keeps_the_path(written: str, url: str) -> None:
    below = replace(FOLDER, base="https://example.org/blog/")
    assert f'<a href="{url}">x</a>' in rendered(f"[x]({written})", folder=below)[0].html


@pytest.mark.parametrize(
    "written",
    [
        '{{< highlight go "linenos=table" >}}\na < b\n\n    c\n{{< /highlight >}}',
        "{% highlight go %}\na < b\n\n    c\n{% endhighlight %}",
        "{% codeblock lang:go %}\na < b\n\n    c\n{% endcodeblock %}",
    ],
)
def test_code_blocks_become_code_blocks(written: str) -> None:
    assert '<pre><code class="language-go">a &lt; b\n\n    c\n</code></pre>' in html(written)


def test_raw_text_is_shown_as_it_is_written() -> None:
    assert html("{% raw %}{{< figure >}} {{ page.title }}{% endraw %}") == (
        "<p>{{&lt; figure &gt;}} {{ page.title }}</p>\n"
    )
    assert rules("{% raw %}{{ page.title }}{% endraw %}") == []


def test_a_comment_is_not_shown() -> None:
    assert html("a {% comment %}secret {{< x >}}{% endcomment %}b") == "<p>a b</p>\n"


def test_a_quote_holds_markdown() -> None:
    out = html('{% quote(author="Ada") %}\nA *knot*.\n{% end %}\n\nAfter.')
    assert out == (
        "<blockquote>\n<p>A <em>knot</em>.</p>\n<p>— Ada</p></blockquote>\n<p>After.</p>\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "`{{< figure >}}` and ``{% raw %}`` and `{{ page.title }}`",
        "```\n{{< figure >}}\n{% raw %}\n{{ youtube(id=1) }}\n```",
        "~~~~ md\n{{< figure >}}\n~~~\n{% x %}\n~~~~",
        "- item\n\n  ```\n  {{< figure >}}\n  ```",
        "Text.\n\n    {{< figure >}}\n\n    {% x %}",
        "<pre>{{&lt; figure >}} {% x %}</pre>",
        "<code>{% x %}</code>",
        "> ```\n> {{< figure >}}\n> ```",
    ],
)
def test_nothing_in_code_is_touched(body: str) -> None:
    assert rules(body) == []
    out = html(body)
    shown = ("{{&lt; figure &gt;}}", "{% raw %}", "{% x %}", "{{ page.title }}")
    written = ("{{< figure >}}", "{% raw %}", "{% x %}", "{{ page.title }}")
    for asked, expected in zip(written, shown, strict=True):
        if asked in body:
            assert expected in out


def test_an_indented_shortcode_in_a_list_is_not_code() -> None:
    assert "youtube.com/watch" in html("- item\n\n    {{< youtube abcdefghijk >}}")


def test_code_with_an_unclosed_backtick_hides_nothing() -> None:
    assert rules("a ` b\n\n{{< nope >}}") == [("shortcode-unknown", 3)]


def test_hugo_can_show_a_shortcode() -> None:
    assert "<code>{{&lt; figure &gt;}}</code>" in html("`{{</* figure */>}}`")
    assert html("{{%/* x */%}}") == "<p>{{% x %}}</p>\n"


def test_one_unknown_shortcode_is_left_out_with_one_warning() -> None:
    body = 'One.\n\n{{< bpmn name="a" >}}\n\nTwo {{< bpmn >}} three.'
    assert html(body) == "<p>One.</p>\n<p>Two  three.</p>\n"
    (finding,) = rendered(body, body_line=10)[1]
    assert (finding.rule, finding.line) == ("shortcode-unknown", 12)
    assert "bpmn" in finding.message
    assert "2 times" in finding.message


def test_an_unknown_pair_keeps_its_content() -> None:
    assert html("{{< tab >}}\n**in**\n{{< /tab >}}") == "<p><strong>in</strong></p>\n"
    assert rules("{{< tab >}}x{{< /tab >}}") == [("shortcode-unknown", 1)]
    assert html("{% if x %}yes{% endif %}") == "<p>yes</p>\n"


@pytest.mark.parametrize(
    "body",
    [
        "a\n\n{{< figure",
        "a\n\n{{< /tab >}}",
        "a\n\n{% endif %}",
        "a\n\n{{< highlight go >}}\nx",
        "a\n\n{% raw %} x",
        "a\n\n{% quote() %} x",
        "a\n\n{{< details >}} x",
    ],
)
def test_unbalanced_shortcodes_are_reported_with_their_line(body: str) -> None:
    assert rules(body) == [("shortcode-unbalanced", 3)]


def test_an_unclosed_quote_does_not_swallow_the_article() -> None:
    assert "<blockquote>" not in html("{{< quote >}}\n\nText")


@pytest.mark.parametrize("text", ["{{ name }}", "${{ f(a=1) }}", "100% {sure}", "{{ f(x) }}"])
def test_braces_in_prose_stay_as_text(text: str) -> None:
    assert html(text) == f"<p>{text}</p>\n"
    assert rules(text) == []


def test_a_value_of_a_template_stays_as_text_with_a_warning() -> None:
    assert html("a\n\n{{ page.title }}") == "<p>a</p>\n<p>{{ page.title }}</p>\n"
    assert rules("a\n\n{{ page.title }}") == [("template-left", 3)]


def test_shortcodes_in_html_files_are_removed_as_well() -> None:
    out = html("<p>a</p>{% youtube abcdefghijk %}<code>{% x %}</code>", form=Format.HTML)
    assert "watch?v=abcdefghijk" in out
    assert "<code>{% x %}</code>" in out


def test_a_player_within_a_paragraph_makes_two_paragraphs() -> None:
    out = html("Before {{< youtube abcdefghijk >}} after.")
    assert out.startswith("<p>Before </p><p><a href=")
    assert out.endswith("<p> after.</p>\n")


def test_a_fragment_reference_stays_on_the_page() -> None:
    assert f'href="{URL}#loop"' in html('[x]({{< ref "#loop" >}})')


@pytest.mark.parametrize(
    "body",
    [
        "{{< " * 50_000,
        "{{< " * 50_000 + ">}}",
        "{{< a >}}" * 30_000 + "{{< /a >}}" * 30_000,
        "{% raw %}" * 30_000,
        "{% highlight x %}" * 30_000,
        "{{" + "".join("`" * i + "a" for i in range(600)),
        "{{\n" + "```\n~~~\n" * 20_000,
        '{{< f x="' + '\\"' * 100_000,
    ],
)
def test_pathological_tags_take_linear_time(body: str) -> None:
    expand(body, article_url=lambda target: None)


PIECES = "{{< | >}}|{{% | %}}|{% | %}|{{ | }}|figure|raw|endraw|quote()|end|highlight|/|`|```|\n"
pieces = st.sampled_from([*PIECES.split("|"), *("\n\n", "    ", '"', "src=a", "- ", "<!--", "-->")])


@given(st.lists(pieces, max_size=40).map("".join))
def test_any_mixture_of_tags_expands_to_text_with_all_its_tokens(body: str) -> None:
    expanded = expand(body, article_url=lambda target: None)
    assert expanded.text.count("\x02") == len(expanded.tokens)
    assert all(0 <= problem.offset <= len(body) for problem in expanded.problems)
    assert "\x02" not in html(body)
