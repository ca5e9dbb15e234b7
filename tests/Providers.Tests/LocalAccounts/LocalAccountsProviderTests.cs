using System.Collections.Concurrent;
using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.LocalAccounts;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.LocalAccounts;

public sealed class LocalAccountsProviderTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_sign_in_tells_whether_the_password_is_there_and_none_is_made_that_could_lock_the_account()
    {
        await using var server = await SambaFileServer.StartNewAsync(Token);
        await using var target = new LocalAccountsTarget(server);
        var found = await FindAsync(target.Provider, await target.AddAsync("F0rmer.Passw0rd!", Token));

        (await ProbeAsync(target.Provider, found, "F0rmer.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Present>();
        (await ProbeAsync(target.Provider, found, "0ther.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Absent>();

        await server.SetPolicyAsync("bad lockout attempt", 2, Token);
        (await ProbeAsync(target.Provider, found, "0ther.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Absent>();
        (await ProbeAsync(target.Provider, found, "0ther.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Inconclusive>().Reason.ShouldContain("lock");
        (await ProbeAsync(target.Provider, found, "F0rmer.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Inconclusive>();
        (await target.HasAsync(Any.Names(NameOf(found)), "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_account_of_another_name_is_found_where_the_settings_say()
    {
        await using var target = new LocalAccountsTarget(await servers.FileServerAsync(Token));
        var local = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var provider = LocalAccountsTarget.Make(target.Options with
        {
            Accounts = ImmutableDictionary.Create<string, LocalAccount>(StringComparer.OrdinalIgnoreCase).Add("Anna", new LocalAccount(target.Options.Host, local.SamAccountName!.ToUpperInvariant())),
        });

        (await FindAsync(provider, Any.Names("anna"))).Target.DisplayName.ShouldBe($@"{target.Options.Host}\{local.SamAccountName}");
        (await provider.PrepareAsync(Any.Query(local), Token)).ShouldBeOfType<Preparation.Found>();
    }

    [Fact]
    public async Task A_verification_tells_the_servers_policy_and_a_right_that_is_missing()
    {
        await using var target = new LocalAccountsTarget(await servers.FileServerAsync(Token));
        await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var clerk = await target.WithoutRightsAsync(Token);

        var report = await target.Provider.VerifyAsync(Token);
        report.Checks.ShouldContain(check => check.Name == "policy" && check.Finding.Contains("8 characters"));
        report.Policies.ShouldHaveSingleItem().Describe().ShouldBe("the server's policy: 8 to 256 characters, no complexity, no history, never expires");
        (await clerk.VerifyAsync(Token)).Checks.Single(check => check.Result == VerificationResult.Failed).Name.ShouldBe("rights");
    }

    [Fact]
    public async Task A_server_where_passwords_expire_says_after_how_long()
    {
        await using var server = await SambaFileServer.StartNewAsync(Token);
        await using var target = new LocalAccountsTarget(server);
        await server.SetPolicyAsync("maximum password age", 42 * 24 * 60 * 60, Token);

        (await target.Provider.VerifyAsync(Token)).Policies.ShouldHaveSingleItem().AgeMax.ShouldBe(TimeSpan.FromDays(42));
    }

    [Fact]
    public async Task The_service_and_the_password_are_seen_by_nobody_who_lists_processes()
    {
        await using var target = new LocalAccountsTarget(await servers.FileServerAsync(Token));
        var found = await FindAsync(target.Provider, await target.AddAsync("F0rmer.Passw0rd!", Token));
        using var password = Any.Secret("C4nary!Passw0rd-7X");
        var seen = new ConcurrentQueue<string>();
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var watcher = Task.Factory.StartNew(() => Watch(seen, watching.Token), Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        // Once more where a busy machine did not let the watcher look while the program ran.
        await Eventually.HoldsAsync("a program of the provider to be seen", Any.LongTime, async token =>
        {
            (await target.Provider.SetPasswordAsync(Any.Set(found.Target, null, TimeProvider.System), password, token)).ShouldBeOfType<DeliveryOutcome.Delivered>();
            return !seen.IsEmpty;
        }, Token);
        await watching.CancelAsync();
        await watcher;

        seen.ShouldAllBe(text => !text.Contains("C4nary") && !text.Contains(SambaFileServer.SynchronisationPassword));
    }

    [Fact]
    public void Settings_that_name_no_host_account_or_a_host_that_is_not_allowed_are_refused()
    {
        var reader = new SettingsReader(new Dictionary<string, string>
        {
            ["host"] = "files1[seal]",
            ["bindName"] = "sync",
            ["bindPassword"] = "file:/etc/secret",
            ["accounts:anna"] = "anna",
            ["accounts:bert"] = @"files2\bert",
        });

        LocalAccountsOptions.Read(reader, new NodeAllowList(["files1:445"], [], ["file:/etc/secret"])).ShouldBeNull();

        reader.Finish().Select(fault => fault.Key).ShouldBe(["accounts:anna", "host", "accounts:bert"]);
    }

    /// <summary>Arguments and environment of all programs that run Samba's library, as long as the token lets.</summary>
    private static void Watch(ConcurrentQueue<string> seen, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
            {
                try
                {
                    var arguments = File.ReadAllText(Path.Combine(folder, "cmdline"));
                    if (arguments.Contains("MS-SAMR", StringComparison.Ordinal)) seen.Enqueue(arguments + File.ReadAllText(Path.Combine(folder, "environ")));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It ended meanwhile.
                }
            }
        }
    }

    private static async Task<Preparation.Found> FindAsync(IProvider provider, AccountNames names) => (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();

    private static string NameOf(Preparation.Found found) => LocalAccount.Parse(found.Target.Key)!.Name;

    private static async Task<ProbeVerdict> ProbeAsync(IProvider provider, Preparation.Found found, string text)
    {
        using var password = Any.Secret(text);
        return await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, Against: null), password, Token);
    }
}
