using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Settings;

public sealed class SettingsReaderTests
{
    [Fact]
    public void Values_are_read_whatever_the_case_of_their_keys()
    {
        var settings = Read(("Name", "x"), ("COUNT", "12"), ("wait", "1.5s"), ("on", "TRUE"), ("list:1", "b"), ("list:0", "a"), ("list:10", "c"), ("source", "mail"));

        settings.Text("name", "").ShouldBe("x");
        settings.Number("count", 1, 0, 20).ShouldBe(12);
        settings.Duration("wait", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(1)).ShouldBe(TimeSpan.FromSeconds(1.5));
        settings.Flag("on", byDefault: false).ShouldBeTrue();
        settings.List("list", 5).ShouldBe(["a", "b", "c"]);
        settings.Choice("source", SourceAttribute.SamAccountName).ShouldBe(SourceAttribute.Mail);
        settings.Finish().ShouldBeEmpty();
    }

    [Fact]
    public void Every_fault_names_the_key_the_value_and_the_remedy()
    {
        var settings = Read(("count", "200"), ("wait", "ten"), ("on", "yes"), ("source", "phone"));

        settings.Text("name", "Give a name.");
        settings.Number("count", 1, 0, 20).ShouldBe(1);
        settings.Duration("wait", TimeSpan.FromSeconds(90), TimeSpan.Zero, TimeSpan.FromHours(1)).ShouldBe(TimeSpan.FromSeconds(90));
        settings.Flag("on", byDefault: true).ShouldBeTrue();
        settings.Choice("source", SourceAttribute.SamAccountName);

        settings.Finish().Select(fault => fault.ToString()).ShouldBe(
        [
            "name: Give a name.",
            "count is '200': Use a whole number from 0 to 20 (default 1).",
            "wait is 'ten': Use a span of time from 0s to 1h, like 500ms, 10s, 15m or 1h (default 90s).",
            "on is 'yes': Use true or false (default true).",
            "source is 'phone': Use one of samAccountName, userPrincipalName, mail, objectGuid (default samAccountName).",
        ]);
    }

    [Fact]
    public void A_key_that_nobody_reads_is_a_fault_that_does_not_show_its_value()
    {
        var settings = Read(("bindPasword", "S3cret!"));
        settings.OptionalText("bindPassword");

        settings.Finish().ShouldHaveSingleItem().ToString().ShouldBe("bindPasword (not shown): No such setting: remove it, or use one of bindPassword.");
    }

    [Fact]
    public void A_secret_in_place_of_a_reference_is_refused_and_not_shown()
    {
        var settings = Read(("bindPassword", "S3cret!"));

        settings.SecretReference("bindPassword", NodeAllowList.Everything).ShouldBeNull();
        settings.Finish().ShouldHaveSingleItem().ToString().ShouldNotContain("S3cret!");
    }

    [Fact]
    public void A_reference_that_the_node_does_not_allow_is_a_fault()
    {
        var settings = Read(("bindPassword", "env:OTHER"));

        settings.SecretReference("bindPassword", new NodeAllowList([], [], ["env:PASSWORDSYNC_*"])).ShouldBeNull();
        settings.Finish().ShouldHaveSingleItem().Found.ShouldBe("env:OTHER");
    }

    [Theory]
    [InlineData("dc1.alpha.test", 636, true)]
    [InlineData("DC9.ALPHA.TEST", 636, true)]
    [InlineData("dc1.alpha.test", 389, false)]
    [InlineData("dc1.alpha.test.evil.example", 636, false)]
    public void The_allow_list_compares_end_points_as_patterns(string host, int port, bool allowed) =>
        new NodeAllowList(["dc*.alpha.test:636"], [], []).AllowsEndpoint(host, port).ShouldBe(allowed);

    [Theory]
    [InlineData("file:/etc/passwordsync/secrets/bind", true)]
    [InlineData("file:/etc/passwordsync/secrets/../../shadow", false)]
    [InlineData("file:/etc/shadow", false)]
    [InlineData("env:HOME", false)]
    public void The_allow_list_keeps_references_within_their_folder(string reference, bool allowed) =>
        new NodeAllowList([], [], ["file:/etc/passwordsync/secrets/*"]).AllowsSecretReference(reference).ShouldBe(allowed);

    [Fact]
    public async Task A_secret_is_read_from_a_file_without_its_last_line_break()
    {
        using var folder = new ScratchFolder();
        var path = folder.Write("bind", "pässword \r\n");

        var resolution = await new SecretReferences(NodeAllowList.Everything).ResolveAsync($"file:{path}", TestContext.Current.CancellationToken);

        using var secret = resolution.ShouldBeOfType<SecretResolution.Resolved>().Secret;
        secret.Reveal().ToString().ShouldBe("pässword ");
    }

    [Fact]
    public async Task A_secret_that_cannot_be_had_is_a_refusal_with_a_reason()
    {
        using var folder = new ScratchFolder();
        var references = new SecretReferences(new NodeAllowList([], [], ["file:*", "env:PASSWORDSYNC_NOT_SET"]));

        foreach (var (reference, reason) in new[]
        {
            ("file:" + folder.PathOf("missing"), "cannot be read"),
            ("file:" + folder.Write("empty", "\n"), "empty"),
            ("file:" + folder.Write("large", new string('x', SecretReferences.FileSizeMax + 1)), "larger"),
            ("file:" + folder.WriteBytes("latin1", [0xE4]), "UTF-8"),
            ("env:PASSWORDSYNC_NOT_SET", "no such variable"),
            ("env:PATH", "allow-list"),
            ("hunter2", "not a reference"),
        })
        {
            (await references.ResolveAsync(reference, TestContext.Current.CancellationToken)).ShouldBeOfType<SecretResolution.Refused>().Reason.ShouldContain(reason);
        }
    }

    private static SettingsReader Read(params (string Key, string Value)[] values) => new(values.ToDictionary(pair => pair.Key, pair => pair.Value));
}
