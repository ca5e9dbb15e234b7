using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Settings;

/// <summary>The pages under docs/providers name every setting that there is, and the installer every kind.</summary>
public sealed class DocumentationTests
{
    [Theory]
    [InlineData("activeDirectory", "active-directory.md")]
    [InlineData("exec", "exec.md")]
    [InlineData("entraId", "entra-id.md")]
    [InlineData("ldap", "ldap.md")]
    [InlineData("localAccounts", "local-accounts.md")]
    [InlineData("passwordstate", "passwordstate.md")]
    [InlineData("plugin", "plugin.md")]
    [InlineData("postgreSqlRoles", "postgresql-roles.md")]
    [InlineData("scim", "scim.md")]
    [InlineData("sql", "sql.md")]
    [InlineData("webhook", "webhook.md")]
    public void Every_setting_is_documented(string kind, string page)
    {
        var folder = Repository.PathOf("docs", "providers");
        var text = File.ReadAllText(Path.Combine(folder, page)) + File.ReadAllText(Path.Combine(folder, "active-directory.md"));

        var settings = SettingsOf(kind);

        settings.Length.ShouldBeGreaterThan(6);
        foreach (var setting in settings) text.ShouldContain($"`{setting}`");
    }

    [Fact]
    public void Every_kind_has_a_page()
    {
        var pages = Directory.GetFiles(Repository.PathOf("docs", "providers"), "*.md").Select(file => File.ReadLines(file).First()).ToList();

        foreach (var kind in ProviderRegistry.BuiltIn.Kinds) pages.ShouldContain($"# Provider `{kind}`");
    }

    [Fact]
    public void Every_kind_can_be_chosen_in_the_installer() =>
        File.ReadLines(Repository.PathOf("native", "Installer", "providers.txt")).Select(line => line.Split(' ')[0]).ShouldBe(ProviderRegistry.BuiltIn.Kinds);

    /// <summary>A key that does not exist is refused with all that do.</summary>
    private static string[] SettingsOf(string kind)
    {
        var refused = ProviderRegistry.BuiltIn.Create(kind, new Dictionary<string, string> { ["none"] = "x" }, Any.Context(TimeProvider.System)).ShouldBeOfType<ProviderCreation.Refused>();
        var remedy = refused.Faults.Single(fault => fault.Key == "none").Remedy;
        return [.. remedy[(remedy.IndexOf("one of ", StringComparison.Ordinal) + "one of ".Length)..].TrimEnd('.').Split(", ").Where(key => key != "none")];
    }
}
