using System.Collections.Immutable;
using System.Diagnostics;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>
/// This product and Samba's own <c>samba-tool user syncpasswords</c> follow the same changes of one DC at the same time, each into an OpenLDAP directory of its own.
/// Measured and printed; only that all arrive is asserted.
/// </summary>
public sealed class Beside_syncpasswords
{
    private const int UserCount = 20;

    // Samba tells those who watch for changes of what another of its processes wrote every five seconds. The changes come at any time of that period: one made
    // as soon as the last one has arrived would always wait for the whole of it.
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(5);
    private readonly Random pauses = new(Seed: 1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 1_800_000)]
    public async Task The_time_to_arrive_is_measured_beside_that_of_samba_tool_user_syncpasswords()
    {
        await using var domain = await SambaDomain.StartAsync(new SambaDomainOptions { Realm = "PEER.TEST", Users = UserCount }, Token);
        await using var ours = await OpenLdapServer.StartAsync(new OpenLdapOptions { Suffix = "dc=ours,dc=test", Users = UserCount }, Token);
        await using var theirs = await OpenLdapServer.StartAsync(new OpenLdapOptions { Suffix = "dc=theirs,dc=test", Users = UserCount }, Token);
        using var folder = TemporaryFolder.Create("beside");
        var key = await GnuPgKey.CreateAsync(folder.PathOf("gnupg"), Token);
        await ProductLandscape.WriteSecretsAsync(folder.FullPath, Token);
        await using var product = await ProductLandscape.StartAsync(
            new ProductLandscapeOptions(
                new Dictionary<string, SambaDomain> { ["peer"] = domain }.ToImmutableDictionary(),
                [LandscapePoint.Directory("ours", ["peer"], ours, ProductLandscape.SecretsFolder(folder.FullPath))]),
            folder.FullPath,
            Token);

        // Not before, so that the edge's own account, which the directories do not have, has no password that the peer could send.
        await domain.First.ReconfigureAsync(domain.First.Settings with { ReadablePasswords = key }, Token);
        await using var peer = await SyncPasswords.StartAsync(domain.First, theirs, Token);

        // The first change warms both up; the peer goes over all accounts before it follows changes.
        var changes = ArrivalTimes.Changes(usually: 2);
        var (inOurs, inTheirs) = (new ArrivalTimes(), new ArrivalTimes());
        await ChangeAsync(0, new ArrivalTimes(), new ArrivalTimes());
        for (var change = 1; change <= changes; change++) await ChangeAsync(change, inOurs, inTheirs);

        TestContext.Current.TestOutputHelper!.WriteLine($"{changes} changes, milliseconds after the acknowledgement: PasswordSync {inOurs}; syncpasswords {inTheirs}");
        inOurs.Count.ShouldBe(changes);
        inTheirs.Count.ShouldBe(changes);

        async Task ChangeAsync(int change, ArrivalTimes timesOfOurs, ArrivalTimes timesOfTheirs)
        {
            await Task.Delay(WatchPeriod * pauses.NextDouble(), Token);
            var (number, password) = (change % UserCount, $"Raced.{change}.2026!x");
            (await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, domain.Users[number], "", password, Token)).Accepted.ShouldBeTrue();
            var acknowledged = Stopwatch.GetTimestamp();
            await Task.WhenAll(
                timesOfOurs.AddAsync(acknowledged, ArrivesAsync(ours, number, password, () => { })),
                timesOfTheirs.AddAsync(acknowledged, ArrivesAsync(theirs, number, password, peer.RequireRunning)));
        }
    }

    private static Task<TimeSpan> ArrivesAsync(OpenLdapServer server, int number, string password, Action check) => Eventually.HoldsAsync($"the password in {server.Suffix}", Landscape.ArrivalBound, async token =>
    {
        check();
        return (await server.BindAsync(server.Users[number], password, token)).Accepted;
    }, Token);
}
