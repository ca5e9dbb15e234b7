using System.Collections.Immutable;
using System.Reflection;
using PasswordSync.Providers.Tests.ActiveDirectory;
using PasswordSync.Providers.Tests.EntraId;
using PasswordSync.Providers.Tests.Exec;
using PasswordSync.Providers.Tests.Ldap;
using PasswordSync.Providers.Tests.LocalAccounts;
using PasswordSync.Providers.Tests.Passwordstate;
using PasswordSync.Providers.Tests.Plugins;
using PasswordSync.Providers.Tests.PostgreSqlRoles;
using PasswordSync.Providers.Tests.Scim;
using PasswordSync.Providers.Tests.Sql;
using PasswordSync.Providers.Tests.Webhook;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>Which case of conformance is shown for which kind of provider, for each system behind it by itself, and why one is not.</summary>
public sealed class Cases_of_conformance
{
    private const string OwnProcess = "it starts a program of this machine: what lies behind that is the program's business";

    /// <summary>The cases, each with the test that shows it.</summary>
    private static readonly ImmutableDictionary<string, string> Cases = new Dictionary<string, string>
    {
        ["set; 256 characters and characters outside ASCII"] = nameof(SettingConformance.A_password_that_was_set_is_the_password_and_one_outside_the_declared_rules_is_refused),
        ["set again"] = nameof(SettingConformance.The_same_password_can_be_set_again),
        ["refused by policy"] = nameof(SettingConformance.A_password_that_the_rules_refuse_is_refused_by_policy_and_the_former_one_stays),
        ["longer than declared"] = nameof(SettingConformance.A_password_longer_than_declared_is_refused_by_policy),
        ["deadline passed"] = nameof(SettingConformance.Nothing_is_written_after_the_deadline),
        ["cancelled"] = nameof(SettingConformance.A_call_that_was_cancelled_before_it_began_writes_nothing),
        ["cancelled as it writes, then settled"] = nameof(SettingConformance.A_call_that_is_cancelled_as_it_writes_tells_what_is_so_and_the_next_attempts_settle_it),
        ["8 at once"] = nameof(SettingConformance.Many_accounts_can_be_set_at_once),
        ["verification changes nothing"] = nameof(SettingConformance.A_verification_of_good_settings_passes_and_changes_nothing),
        ["unknown account"] = nameof(LookupConformance.A_missing_account_is_not_found),
        ["metacharacters that match nothing"] = nameof(LookupConformance.A_name_with_special_characters_finds_only_itself),
        ["metacharacters that match"] = nameof(LookupConformance.An_account_whose_name_has_special_characters_is_found_and_set),
        ["account gone meanwhile"] = nameof(LookupConformance.An_account_that_went_away_in_between_is_not_found),
        ["wrong credentials"] = nameof(NetworkConformance.Wrong_credentials_of_the_service_are_a_misconfiguration),
        ["no rights"] = nameof(NetworkConformance.A_service_without_the_right_is_a_misconfiguration_and_verification_says_so_or_that_it_cannot_tell),
        ["time-out, change applied or not"] = nameof(NetworkConformance.A_write_whose_answer_never_came_is_unknown_and_the_next_attempts_settle_it),
        ["nobody listens"] = nameof(NetworkConformance.A_server_that_nobody_runs_is_transient),
        ["silent server"] = nameof(NetworkConformance.A_silent_server_holds_nothing_up_beyond_the_time_outs),
        ["certificate of another name"] = nameof(TlsConformance.A_certificate_of_another_name_is_a_misconfiguration),
        ["certificate of nobody trusted"] = nameof(TlsConformance.An_untrusted_certificate_is_a_misconfiguration_that_names_it),
        ["throttled"] = nameof(ThrottlingConformance.A_target_that_asks_for_a_pause_throttles_and_takes_the_password_afterwards),
        ["two accounts match"] = nameof(SearchingConformance.A_match_of_two_accounts_is_ambiguous),
    }.ToImmutableDictionary();

    private static readonly ImmutableArray<string> Certificates = ["certificate of another name", "certificate of nobody trusted"];
    private static readonly ImmutableArray<string> Network = ["wrong credentials", "nobody listens", "silent server", .. Certificates];
    private static readonly ImmutableArray<string> Lookup = ["unknown account", "metacharacters that match nothing", "account gone meanwhile", "two accounts match"];

    private static readonly ImmutableArray<KindShown> Kinds =
    [
        new("activeDirectory", [typeof(SambaConformance), typeof(SambaNetwork)], Because("a domain controller has no answer that asks for a pause: 'busy' is transient", "throttled")),
        new("entraId", [typeof(EntraConformance), typeof(EntraNetwork)], Because("")),
        new(
            "exec",
            [typeof(ExecConformance)],
            Because(OwnProcess, [.. Network, "no rights"])
                .AddRange(Shown(nameof(ExecProviderTests.A_write_that_was_given_up_is_unknown_and_the_next_attempt_settles_it_by_a_probe), "time-out, change applied or not"))
                .AddRange(Shown(nameof(ExecProviderTests.A_pause_lasts_as_long_as_the_program_says), "throttled"))),
        new("ldap", [typeof(OpenLdapConformance), typeof(OpenLdapNetwork)], Because("a directory has no answer that asks for a pause: 'busy' is transient", "throttled")),
        new(
            "localAccounts",
            [typeof(LocalAccountsConformance), typeof(LocalAccountsNetwork)],
            Because("SMB has no certificates: server and client prove themselves by the service's password", [.. Certificates])
                .AddRange(Because("SAMR has no answer that asks for a pause", "throttled"))
                .AddRange(Because("the name is the key, and a server has each once", "two accounts match"))),
        new("passwordstate", [typeof(PasswordstateConformance), typeof(PasswordstateNetwork)], Because("")),
        new(
            "plugin",
            [typeof(FilePluginProviderConformance)],
            Because(OwnProcess, [.. Network, "no rights"])
                .AddRange(Shown(nameof(PluginProviderTests.A_write_that_was_given_up_is_unknown_and_the_next_attempt_settles_it_by_a_probe), "time-out, change applied or not"))
                .AddRange(Shown(nameof(PluginProviderTests.One_whose_target_asks_for_a_pause_gets_it_within_bounds), "throttled"))),
        new(
            "postgreSqlRoles",
            [typeof(PostgreSqlRolesConformance), typeof(PostgreSqlRolesNetworkConformance)],
            Because("PostgreSQL has no answer that asks for a pause: 'too many connections' is transient", "throttled")
                .AddRange(Because("a role's name is unique", "two accounts match"))),
        new("scim", [typeof(ScimConformance), typeof(ScimNetwork)], Because("")),
        new("sql", [typeof(PostgreSqlTableConformance), typeof(PostgreSqlTableNetwork)], Because("a database has no answer that asks for a pause", "throttled")) { System = "PostgreSQL" },
        new(
            "sql",
            [typeof(SqlConformance)],
            Because("a file of this machine", [.. Network, "throttled"])
                .AddRange(Because("nothing between the provider and the file can lose an answer", "time-out, change applied or not"))
                .AddRange(Shown(nameof(SqlProviderTests.A_file_that_may_only_be_read_is_a_misconfiguration_and_verification_finds_it), "no rights"))) { System = "SQLite" },
        new("webhook", [typeof(WebhookSetting), typeof(WebhookNetwork)], Because("the receiver is not asked for an account: the name is sent, and the receiver's 404 is 'account not found'", [.. Lookup])),
    ];

    public static TheoryData<string> Names => [.. Kinds.Select(known => known.Title)];

    [Fact]
    public void Every_kind_is_here() => Kinds.Select(known => known.Name).Distinct().ShouldBe(ProviderRegistry.BuiltIn.Kinds, ignoreOrder: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_case_is_shown_by_a_test_that_runs_or_cannot_apply_for_a_reason(string kind)
    {
        var shown = Kinds.Single(known => known.Title == kind);
        var tests = shown.Suites.SelectMany(suite => suite.GetMethods()).Where(method => method.GetCustomAttribute<FactAttribute>() is { Skip: null }).Select(method => method.Name).ToHashSet(StringComparer.Ordinal);

        var missing = Cases.Where(test => !tests.Contains(test.Value) && !shown.Inapplicable.ContainsKey(test.Key)).Select(test => test.Key);
        var outdated = Cases.Where(test => tests.Contains(test.Value) && shown.Inapplicable.ContainsKey(test.Key)).Select(test => test.Key);

        missing.ShouldBeEmpty($"cases that {kind} is not tried on, without a reason");
        outdated.ShouldBeEmpty($"cases that {kind} is tried on, with a reason why it is not");
        shown.Inapplicable.Keys.ShouldBeSubsetOf(Cases.Keys);
        shown.Suites.ShouldAllBe(suite => suite.IsSealed && suite.IsPublic, "a suite that is not public is not run");
    }

    /// <summary>By a test of its own.</summary>
    private static ImmutableDictionary<string, string> Shown(string test, params ImmutableArray<string> cases) => Because($"shown by {test}", cases);

    private static ImmutableDictionary<string, string> Because(string reason, params ImmutableArray<string> cases) => cases.ToImmutableDictionary(name => name, _ => reason);

    /// <param name="Name">The kind.</param>
    /// <param name="Suites">The classes of tests that are run on it, against a real server or an emulator that enforces the rules.</param>
    /// <param name="Inapplicable">Cases that cannot apply, with the reason.</param>
    private sealed record KindShown(string Name, ImmutableArray<Type> Suites, ImmutableDictionary<string, string> Inapplicable)
    {
        /// <summary>The system behind it, where the kind has several that are nothing alike.</summary>
        public string? System { get; init; }

        public string Title => System is null ? Name : $"{Name} on {System}";
    }
}
