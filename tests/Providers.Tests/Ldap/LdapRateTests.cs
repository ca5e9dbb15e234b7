using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Ldap;

/// <summary>How fast the provider is beside a bare loop that finds each entry and sets its password with the same client, over as many connections.</summary>
public sealed class LdapRateTests(LabServers servers, ITestOutputHelper output)
{
    private const int Users = 100;
    private const int Workers = 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static bool IsLong => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1";

    [Fact]
    public async Task The_provider_reaches_most_of_what_a_bare_loop_does()
    {
        var server = await servers.DirectoryAsync(new OpenLdapOptions { Users = Users }, Token);
        await using var target = new OpenLdapConformanceTarget(server, DirectorySecurity.Ldaps);
        await using var provider = new GuardedProvider(target.Provider, ProviderLimits.Default with { CallTimeout = Any.LongTime }, TimeProvider.System);
        await using var client = new LdapClient(
            new LdapClientOptions { Servers = target.Options.Directory.Servers, Connection = new LdapOptions { Security = LdapSecurity.Ldaps, Trust = await LdapTrust.FromPemFilesAsync([server.AuthorityFile], Token) } },
            _ => ValueTask.FromResult<LdapCredential>(new SimpleCredential(server.SynchronisationName, System.Text.Encoding.UTF8.GetBytes(OpenLdapServer.SynchronisationPassword))),
            TimeProvider.System);
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);

        // By turns, so that what else the machine does meets both alike; the first turn of each warms up.
        var (bare, ours) = (new List<double>(), new List<double>());
        for (var turn = 0; turn <= (IsLong ? 12 : 2); turn++)
        {
            bare.Add(await TimeAsync(server, user => SetBareAsync(client, target, user, $"Bare.Passw0rd.{turn}")));
            ours.Add(await TimeAsync(server, user => SetAsync(executor, provider, user, $"0urs.Passw0rd.{turn}")));
        }

        var (bareRate, ourRate) = (Users / Median(bare.Skip(1)), Users / Median(ours.Skip(1)));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Bare loop {bareRate:F0} passwords per second, provider {ourRate:F0}: {100 * ourRate / bareRate:F0} %."));
        (await server.BindAsync(server.Users[0], $"0urs.Passw0rd.{ours.Count - 1}", Token)).Accepted.ShouldBeTrue();
        ourRate.ShouldBeGreaterThan(0);
        if (IsLong) (ourRate / bareRate).ShouldBeGreaterThan(0.9, "by turns with the bare loop, so a busy machine slows both");
    }

    private static async Task SetBareAsync(LdapClient client, OpenLdapConformanceTarget target, LabUser user, string text)
    {
        using var password = Any.Secret(text);
        var connection = await client.GetConnectionAsync(Token);
        var found = await connection.SearchAsync(new LdapSearchRequest(target.Options.Base, LdapSearchScope.Subtree, LdapFilter.Equal("uid", user.AccountName), ["entryUUID"]), Token);
        await password.WithUtf8Async(async utf8 => await connection.PasswordModifyAsync(LdapPasswordModifyRequest.Reset(found.Entries.Single().Dn, utf8), Token));
    }

    private static async Task SetAsync(AttemptExecutor executor, GuardedProvider provider, LabUser user, string text)
    {
        using var password = Any.Secret(text);
        var found = (await provider.PrepareAsync(Any.Query(new AccountNames("CN=x", user.AccountName, null, null)), Token)).ShouldBeOfType<Preparation.Found>();
        var outcome = await executor.ExecuteAsync(provider, Any.Attempt(found.Target, TimeProvider.System, Any.LongTime), Any.CaptureId(), false, password, Token);
        outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
    }

    /// <summary>How many seconds all users take, some at the same time.</summary>
    private static async Task<double> TimeAsync(OpenLdapServer server, Func<LabUser, Task> set)
    {
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(server.Users, new ParallelOptions { MaxDegreeOfParallelism = Workers, CancellationToken = Token }, async (user, _) => await set(user));
        return watch.Elapsed.TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
