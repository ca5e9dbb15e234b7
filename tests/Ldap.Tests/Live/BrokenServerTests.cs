using PasswordSync.Lab;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Live;

/// <summary>Real servers that freeze, die and come back.</summary>
public sealed class BrokenServerTests
{
    private static readonly OpenLdapOptions Kind = new() { Users = 1 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frozen_server_costs_one_timeout_and_the_connection_goes_on_when_it_thaws()
    {
        await using var slapd = await OpenLdapServer.StartAsync(Kind, Cancellation);
        await using var connection = await slapd.ConnectAsAdministratorAsync(Cancellation);
        slapd.Freeze();

        var failure = await FirstSentFailureAsync(connection);
        slapd.Thaw();
        var result = await connection.SearchAsync(Requests.Read(""), Cancellation);

        failure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        failure.RequestWasSent.ShouldBe(LdapSent.Yes);
        result.Entries.Count.ShouldBe(1);
        connection.TimeoutsSinceLastMessage.ShouldBe(0);
    }

    [Fact]
    public async Task Killed_server_fails_what_waits_and_the_next_server_takes_over_until_it_is_back()
    {
        await using var first = await OpenLdapServer.StartAsync(Kind, Cancellation);
        await using var second = await OpenLdapServer.StartAsync(Kind, Cancellation);
        var options = new LdapClientOptions
        {
            Servers = [first.Server(LdapServer.DefaultTlsPort), second.Server(LdapServer.DefaultTlsPort)],
            Connection = new LdapOptions { Trust = LdapTrust.CustomRoots([first.Authority.Certificate, second.Authority.Certificate]), ConnectTimeout = LiveServers.Patience },
            KeepServerFor = TimeSpan.Zero,
        };
        await using var client = new LdapClient(options, _ => new(LiveServers.Simple(first.AdministratorName, OpenLdapServer.AdministratorPassword)), TimeProvider.System);
        var connection = await client.GetConnectionAsync(Cancellation);
        connection.Server.ShouldBe(options.Servers[0]);
        first.Freeze();
        await FirstFailureAsync(connection);
        var waiting = connection.SearchAsync(new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Timeout = LiveServers.Patience }, Cancellation);

        // Messages are written one after the other: when a later one was sent, this one was too.
        await FirstSentFailureAsync(connection);
        await first.KillAsync(Cancellation);

        var failure = await waiting.ShouldEndWithAsync<LdapException>();
        var next = await client.GetConnectionAsync(Cancellation);

        failure.Kind.ShouldBe(LdapErrorKind.Closed);
        failure.RequestWasSent.ShouldBe(LdapSent.Yes);
        next.Server.ShouldBe(options.Servers[1]);
        await first.StartAsync(Cancellation);
        await next.DisposeAsync();
        (await client.GetConnectionAsync(Cancellation)).Server.ShouldBe(options.Servers[0]);
    }

    /// <summary>As below, until one was sent: on a busy machine its second may be over before.</summary>
    private static async Task<LdapException> FirstSentFailureAsync(LdapConnection connection)
    {
        while (true)
        {
            if (await FirstFailureAsync(connection) is { RequestWasSent: LdapSent.Yes } failure) return failure;
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Asks until no answer comes: a process that is told to stop may still answer what it has in hand.</summary>
    private static async Task<LdapException> FirstFailureAsync(LdapConnection connection)
    {
        const int attemptsMax = 20;
        var search = new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Timeout = TimeSpan.FromSeconds(1) };
        for (var i = 0; i < attemptsMax; i++)
        {
            try
            {
                await connection.SearchAsync(search, Cancellation);
            }
            catch (LdapException e)
            {
                return e;
            }
        }

        throw new InvalidOperationException("The server answers although it is frozen.");
    }
}
