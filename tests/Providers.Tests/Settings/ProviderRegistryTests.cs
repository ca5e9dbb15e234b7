using System.Collections.Immutable;
using PasswordSync.Core.Settings;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Memory;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Settings;

public sealed class ProviderRegistryTests
{
    private static readonly string Database = Path.Combine(Path.GetTempPath(), "users.db");

    [Fact]
    public void The_kinds_of_the_product_are_told_in_order() =>
        ProviderRegistry.BuiltIn.Kinds.ShouldBe(ProviderRegistry.BuiltIn.Kinds.Order(StringComparer.Ordinal));

    [Fact]
    public void An_unknown_kind_is_refused_with_the_kinds_there_are() =>
        Refused("smtp").ShouldHaveSingleItem().ToString().ShouldBe($"provider is 'smtp': Use one of {string.Join(", ", ProviderRegistry.BuiltIn.Kinds)}.");

    [Fact]
    public void Kinds_that_were_not_chosen_are_not_there()
    {
        var chosen = ProviderRegistry.BuiltIn.Only(["LDAP", "sql", "smtp"]);

        chosen.Kinds.ShouldBe(["ldap", "sql"]);
        chosen.Create("exec", new Dictionary<string, string>(), Any.Context(TimeProvider.System)).ShouldBeOfType<ProviderCreation.Refused>()
            .Faults.ShouldHaveSingleItem().Remedy.ShouldBe("Use one of ldap, sql.");
    }

    [Fact]
    public async Task A_provider_is_made_within_the_limits_of_its_settings()
    {
        var created = Create("sql", ("database", Database), ("limits:concurrency", "3")).ShouldBeOfType<ProviderCreation.Created>();

        created.Provider.ShouldBeOfType<GuardedProvider>();
        created.Provider.Description.Kind.ShouldBe("sql");
        await created.Provider.DisposeAsync();
    }

    [Fact]
    public void Faults_of_limits_settings_and_unknown_keys_are_told_together() =>
        Refused("sql", ("limits:concurrency", "0"), ("table", "users; DROP TABLE users"), ("tabel", "x"), ("match", "phone=login"))
            .Select(fault => fault.Key).ShouldBe(["limits:concurrency", "database", "table", "match", "tabel"]);

    [Theory]
    [InlineData("http://example.test/hook")]
    [InlineData("ftp://127.0.0.1/hook")]
    [InlineData("https://user:pw@example.test/hook")]
    [InlineData("/hook")]
    public void A_webhook_over_an_open_network_is_refused(string url) =>
        Refused("webhook", ("url", url), ("signingKey", "env:KEY")).ShouldHaveSingleItem().Key.ShouldBe("url");

    [Theory]
    [InlineData("https://example.test/hook")]
    [InlineData("http://127.0.0.1:5000/hook")]
    [InlineData("http://[::1]:5000/hook")]
    [InlineData("http://localhost:5000/hook")]
    public async Task A_webhook_over_TLS_or_within_the_machine_is_taken(string url) =>
        await Create("webhook", ("url", url), ("signingKey", "env:KEY")).ShouldBeOfType<ProviderCreation.Created>().Provider.DisposeAsync();

    [Fact]
    public void A_directory_needs_servers_a_name_and_a_reference() =>
        Refused("activeDirectory").Select(fault => fault.Key).ShouldBe(["servers", "bindName"]);

    [Fact]
    public void A_bind_password_in_clear_is_refused_and_not_shown()
    {
        var faults = Refused("ldap", ("servers", "ldap.test"), ("base", "dc=test"), ("bindName", "cn=sync"), ("bindPassword", "hunter2"));

        string.Join('\n', faults).ShouldNotContain("hunter2");
        faults.ShouldHaveSingleItem().Key.ShouldBe("bindPassword");
    }

    [Theory]
    [InlineData("", "", "base")]
    [InlineData("ou=people", "", "")]
    [InlineData("ou=people", "beta", "source")]
    public async Task AD_LDS_needs_a_base_and_is_no_source(string baseDn, string source, string fault)
    {
        var created = Create(
            "activeDirectory", ("directoryKind", "adLds"), ("servers", "lds.beta.test:50001"), ("base", baseDn), ("source", source), ("bindName", "cn=sync"), ("bindPassword", "env:KEY"));

        if (created is ProviderCreation.Created { Provider: { } provider }) await provider.DisposeAsync();
        (created is ProviderCreation.Refused { Faults: [var only] } ? only.Key : "").ShouldBe(fault);
    }

    [Theory]
    [InlineData("beta.test", "", "", "", "", "")]
    [InlineData("beta.test", "", "berlin", "site", "192.0.2.1", "")]
    [InlineData("beta.test", "dc1.beta.test", "", "", "", "domain")]
    [InlineData("beta", "", "", "", "", "domain")]
    [InlineData("beta.test", "", "", "site", "", "site")]
    [InlineData("beta.test", "", "ber/lin", "site", "", "site")]
    [InlineData("beta.test", "", "", "nearest", "", "prefer")]
    [InlineData("beta.test", "", "", "", "dns.beta.test", "dnsServers")]
    [InlineData("", "dc1.beta.test", "berlin", "", "", "site")]
    public async Task Domain_controllers_are_listed_or_found_by_DNS(string domain, string server, string site, string prefer, string dnsServer, string fault)
    {
        var created = Create(
            "activeDirectory", ("domain", domain), ("servers", server), ("site", site), ("prefer", prefer), ("dnsServers", dnsServer), ("bindName", "sync@beta.test"), ("bindPassword", "env:KEY"));

        if (created is ProviderCreation.Created { Provider: { } provider }) await provider.DisposeAsync();
        (created is ProviderCreation.Refused { Faults: [var only] } ? only.Key : "").ShouldBe(fault);
    }

    [Theory]
    [InlineData("true", "beta.test", "", "", "", "", "")]
    [InlineData("true", "beta.test", "", "", "child.beta.test=child", "", "")]
    [InlineData("true", "", "dc1.beta.test", "", "", "", "domain")]
    [InlineData("true", "beta.test", "", "beta", "", "", "source")]
    [InlineData("true", "beta.test", "", "", "child", "", "sources")]
    [InlineData("true", "beta.test", "", "", "child.beta.test=Child!", "", "sources")]
    [InlineData("true", "beta.test", "", "", "child.beta.test=one", "CHILD.beta.test=two", "sources")]
    [InlineData("false", "beta.test", "", "", "child.beta.test=child", "", "sources")]
    [InlineData("maybe", "beta.test", "", "", "", "", "forest")]
    public async Task A_forest_is_named_as_its_root_domain_and_its_sources_by_domain(string forest, string domain, string server, string source, string first, string second, string fault)
    {
        var created = Create(
            "activeDirectory", ("forest", forest), ("domain", domain), ("servers", server), ("source", source), ("sources:0", first), ("sources:1", second), ("match", "mail=mail"), ("bindName", "sync@beta.test"), ("bindPassword", "env:KEY"));

        if (created is ProviderCreation.Created { Provider: { } provider }) await provider.DisposeAsync();
        (created is ProviderCreation.Refused { Faults: [var only] } ? only.Key : "").ShouldBe(fault);
    }

    [Theory]
    [InlineData("userPrincipalName=userPrincipalName", "", "")]
    [InlineData("mail=mail", "", "")]
    [InlineData("objectGUID=mS-DS-ConsistencyGuid", "", "")]
    [InlineData("sAMAccountName=employeeID", "", "")]
    [InlineData("", "", "There is no default for a forest: sAMAccountName=sAMAccountName could give the password to another person's account")]
    [InlineData("sAMAccountName=sAMAccountName", "", "'sAMAccountName=sAMAccountName' could give the password to another person's account: sAMAccountName is unique within one domain only.")]
    [InlineData("mail=SAMACCOUNTNAME", "", "'mail=SAMACCOUNTNAME' could give")]
    [InlineData("sAMAccountName=cn", "", "cn is unique within one domain only.")]
    [InlineData("userPrincipalName=name", "", "name is unique within one domain only.")]
    [InlineData("mail=mail", "userPrincipalName=userPrincipalName", "There are 2 rules (mail=mail, userPrincipalName=userPrincipalName): where the first one finds nothing because the Global Catalog is late")]
    [InlineData("mail=mail", "sAMAccountName=sAMAccountName", "There are 2 rules")]
    [InlineData("mail", "", "'mail' is not a rule: use source=target like userPrincipalName=userPrincipalName")]
    public async Task A_forest_is_matched_by_one_rule_that_can_find_nobody_else_where_the_catalog_is_late(string first, string second, string fault)
    {
        var created = Create("activeDirectory", ("forest", "true"), ("domain", "beta.test"), ("match:0", first), ("match:1", second), ("bindName", "sync@beta.test"), ("bindPassword", "env:KEY"));

        if (created is ProviderCreation.Created { Provider: { } provider }) await provider.DisposeAsync();
        if (fault.Length == 0) created.ShouldBeOfType<ProviderCreation.Created>();
        else created.ShouldBeOfType<ProviderCreation.Refused>().Faults.ShouldHaveSingleItem().ShouldSatisfyAllConditions(only => only.Key.ShouldBe("match"), only => only.Remedy.ShouldContain(fault));
    }

    [Theory]
    [InlineData("kerberos", "file:/k", null, "sync", "")]
    [InlineData("kerberos", "env:KEYTAB", null, "sync", "keytab")]
    [InlineData("kerberos", "file:/k", "env:KEY", "sync", "keytab")]
    [InlineData("kerberos", "file:/k", null, null, "bindName")]
    [InlineData("ldaps", "file:/k", null, "sync", "keytab")]
    public async Task A_keytab_goes_with_Kerberos_and_a_name_in_place_of_a_password(string security, string keytab, string? password, string? name, string fault)
    {
        var created = Create(
            "activeDirectory", ("servers", "dc1.beta.test"), ("security", security), ("keytab", keytab), ("bindPassword", password ?? ""), ("bindName", name ?? ""), ("realm", security == "kerberos" ? "BETA.TEST" : ""));

        if (created is ProviderCreation.Created { Provider: { } provider }) await provider.DisposeAsync();
        (created is ProviderCreation.Refused { Faults: [var only] } ? only.Key : "").ShouldBe(fault);
    }

    [Theory]
    [InlineData("(uid=anna)")]
    [InlineData("(uid={phone})")]
    [InlineData("(uid={sAMAccountName}")]
    public void A_filter_without_a_known_placeholder_or_that_is_none_is_refused(string filter) =>
        Refused("ldap", ("servers", "ldap.test"), ("base", "dc=test"), ("bindName", "cn=sync"), ("bindPassword", "env:KEY"), ("filter", filter))
            .ShouldHaveSingleItem().Key.ShouldBe("filter");

    [Fact]
    public void An_end_point_that_the_node_does_not_allow_is_refused()
    {
        var context = Any.Context(TimeProvider.System) with { AllowList = new NodeAllowList(["ldap.test:636"], ["*"], ["*"]) };
        var settings = new Dictionary<string, string> { ["servers"] = "evil.example", ["base"] = "dc=test", ["bindName"] = "cn=sync", ["bindPassword"] = "env:KEY" };

        ProviderRegistry.BuiltIn.Create("ldap", settings, context).ShouldBeOfType<ProviderCreation.Refused>()
            .Faults.ShouldHaveSingleItem().ToString().ShouldContain("evil.example:636");
    }

    [Fact]
    public void A_memory_provider_names_its_target()
    {
        using var target = new MemoryTarget();
        var registry = new ProviderRegistry([new MemoryProviderFactory(new Dictionary<string, MemoryTarget> { ["hr"] = target }, script: null)]);

        registry.Create("memory", new Dictionary<string, string> { ["target"] = "hr" }, Any.Context(TimeProvider.System)).ShouldBeOfType<ProviderCreation.Created>();
        registry.Create("memory", new Dictionary<string, string> { ["target"] = "xx" }, Any.Context(TimeProvider.System)).ShouldBeOfType<ProviderCreation.Refused>()
            .Faults.ShouldHaveSingleItem().ToString().ShouldBe("target is 'xx': Name one of the targets: hr.");
    }

    [Theory]
    [InlineData("ure", "true")]
    [InlineData("limits:concurrency", "0")]
    [InlineData("transform:0", "no such step")]
    public void A_provider_that_was_made_and_then_refused_is_disposed(string key, string value)
    {
        var made = new StubProvider();

        new ProviderRegistry([new StubFactory(made)]).Create("stub", new Dictionary<string, string> { [key] = value }, Any.Context(TimeProvider.System)).ShouldBeOfType<ProviderCreation.Refused>();

        made.IsDisposed.ShouldBeTrue();
    }

    private sealed class StubFactory(StubProvider provider) : IProviderFactory
    {
        public string Kind => "stub";

        public IProvider? Create(SettingsReader settings, ProviderContext context) => provider;
    }

    private static ProviderCreation Create(string kind, params (string Key, string Value)[] settings) =>
        ProviderRegistry.BuiltIn.Create(kind, settings.ToDictionary(pair => pair.Key, pair => pair.Value), Any.Context(TimeProvider.System));

    private static ImmutableArray<SettingFault> Refused(string kind, params (string Key, string Value)[] settings) =>
        Create(kind, settings).ShouldBeOfType<ProviderCreation.Refused>().Faults;
}
