using System.Net;
using PasswordSync.Lab;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;
using static PasswordSync.Ldap.Tests.Support.Requests;

namespace PasswordSync.Ldap.Tests.Client;

public sealed class LdapClientTests
{
    private readonly ManualClock clock = new();

    [Fact(Timeout = 600_000)]
    public async Task Connection_is_shared_while_it_is_good()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        await using var client = Client(server.Address);

        var connections = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.GetConnectionAsync(CancellationToken.None).AsTask()));

        connections.Distinct().Count().ShouldBe(1);
        server.Connections.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task First_server_that_takes_a_connection_is_used()
    {
        using var taken = new RefusingEndPoint();
        var refusing = new LdapServer("127.0.0.1", taken.EndPoint.Port);
        await using var dropping = ScriptedServer.Start(_ => Task.CompletedTask);
        await using var good = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        await using var client = Client(refusing, dropping.Address, good.Address);

        var connection = await client.GetConnectionAsync(CancellationToken.None);

        connection.Server.ShouldBe(good.Address);
        dropping.Connections.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task Every_address_of_a_server_is_tried()
    {
        await using var good = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        await using var client = Client(new LdapServer("dc1.beta.test", good.Address.Port) { Addresses = [IPAddress.Parse("127.77.255.253"), IPAddress.Parse("127.77.255.254"), IPAddress.Loopback] });

        (await client.GetConnectionAsync(CancellationToken.None)).Server.Host.ShouldBe("dc1.beta.test");
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_that_was_good_is_kept_for_a_while_and_then_the_preferred_one_is_tried_again()
    {
        var preferredIsUp = false;
        await using var preferred = ScriptedServer.Start(conversation => preferredIsUp ? conversation.BehaveAsync() : Task.CompletedTask);
        await using var second = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        await using var client = Client(preferred.Address, second.Address);
        (await client.GetConnectionAsync(CancellationToken.None)).Server.ShouldBe(second.Address);
        preferredIsUp = true;

        await EndAsync(client);
        (await client.GetConnectionAsync(CancellationToken.None)).Server.ShouldBe(second.Address);

        await EndAsync(client);
        clock.Advance(TimeSpan.FromMinutes(5));
        (await client.GetConnectionAsync(CancellationToken.None)).Server.ShouldBe(preferred.Address);
    }

    [Fact(Timeout = 600_000)]
    public async Task Wrong_password_is_tried_at_one_server_only()
    {
        await using var first = ScriptedServer.Start(async conversation =>
        {
            await conversation.SendAsync(Answers.Bind((await conversation.ReadAsync()).Id, LdapResultCode.InvalidCredentials));
            await conversation.StaySilentAsync();
        });
        await using var second = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        await using var client = Client(first.Address, second.Address);

        var failure = await client.GetConnectionAsync(CancellationToken.None).AsTask().ShouldEndWithAsync<LdapException>();

        failure.Result!.Code.ShouldBe(LdapResultCode.InvalidCredentials);
        second.Connections.ShouldBe(0);
    }

    [Fact(Timeout = 600_000)]
    public async Task Busy_server_gives_way_to_the_next()
    {
        await using var busy = ScriptedServer.Start(async conversation =>
        {
            await conversation.SendAsync(Answers.Bind((await conversation.ReadAsync()).Id, LdapResultCode.Busy));
            await conversation.StaySilentAsync();
        });
        await using var second = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        await using var client = Client(busy.Address, second.Address);

        (await client.GetConnectionAsync(CancellationToken.None)).Server.ShouldBe(second.Address);
    }

    [Fact(Timeout = 600_000)]
    public async Task Failure_tells_of_every_server_and_is_repeated_without_new_attempts_for_a_while()
    {
        using var taken = new RefusingEndPoint();
        var refusing = new LdapServer("127.0.0.1", taken.EndPoint.Port);
        await using var dropping = ScriptedServer.Start(_ => Task.CompletedTask);
        await using var client = Client(refusing, dropping.Address);

        var first = await client.GetConnectionAsync(CancellationToken.None).AsTask().ShouldEndWithAsync<LdapException>();
        var second = await client.GetConnectionAsync(CancellationToken.None).AsTask().ShouldEndWithAsync<LdapException>();
        dropping.Connections.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(1));
        await client.GetConnectionAsync(CancellationToken.None).AsTask().ShouldEndWithAsync<LdapException>();

        first.Kind.ShouldBe(LdapErrorKind.ConnectionRefused);
        first.Message.ShouldContain(refusing.ToString());
        first.Message.ShouldContain(dropping.Address.ToString());
        second.Kind.ShouldBe(first.Kind);
        second.Message.ShouldBe(first.Message);
        dropping.Connections.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task Silent_connection_is_replaced_and_what_waits_on_it_may_go_on()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.Number == 1 ? BindOnlyAsync(conversation) : conversation.BehaveAsync());
        await using var client = Client(server.Address);
        var silent = await client.GetConnectionAsync(CancellationToken.None);
        var patient = silent.SearchAsync(new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Timeout = TimeSpan.FromHours(1) }, CancellationToken.None);
        var search = silent.SearchAsync(Read("dc=x"), CancellationToken.None);
        clock.Advance(Plain.RequestTimeout);
        (await search.ShouldEndWithAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.TimedOut);

        var next = await client.GetConnectionAsync(CancellationToken.None);

        next.ShouldNotBe(silent);
        patient.IsCompleted.ShouldBeFalse();
        (await next.SearchAsync(Read("dc=y"), CancellationToken.None)).Entries.Count.ShouldBe(1);
        await client.DisposeAsync();
        await patient.ShouldEndWithAsync<LdapException>();
    }

    [Fact(Timeout = 600_000)]
    public async Task Request_that_was_not_sent_is_run_once_more_and_one_that_was_sent_is_not()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            if (conversation.Number == 2)
            {
                await conversation.SendAsync(Answers.Bind((await conversation.ReadAsync()).Id, LdapResultCode.Success));
                await conversation.ReadAsync();
                return;
            }

            await conversation.BehaveAsync();
        });
        await using var client = Client(server.Address);
        var runs = 0;

        var sent = client.RunAsync(
            async (connection, token) =>
            {
                // The first connection ends between the moment it was handed out and the moment it is used.
                if (++runs == 1) await connection.DisposeAsync();
                return await connection.SearchAsync(Read("dc=x"), token);
            },
            CancellationToken.None);

        var failure = await sent.ShouldEndWithAsync<LdapException>();
        runs.ShouldBe(2);
        failure.Kind.ShouldBe(LdapErrorKind.Closed);
        failure.OutcomeIsUnknown.ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task Credential_is_fetched_for_every_connection_and_wiped_after_the_bind()
    {
        var handedOut = new List<SimpleCredential>();
        await using var server = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        await using var client = new LdapClient(Options(server.Address), GetCredentialAsync, clock);

        await client.GetConnectionAsync(CancellationToken.None);
        await EndAsync(client);
        await client.GetConnectionAsync(CancellationToken.None);

        handedOut.Count.ShouldBe(2);
        foreach (var credential in handedOut) Should.Throw<ObjectDisposedException>(() => credential.Password.Length);

        ValueTask<LdapCredential> GetCredentialAsync(CancellationToken token)
        {
            handedOut.Add(new SimpleCredential("cn=x", "secret"u8));
            return new ValueTask<LdapCredential>(handedOut[^1]);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Closed_client_gives_out_nothing()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.BehaveAsync());
        var client = Client(server.Address);
        var connection = await client.GetConnectionAsync(CancellationToken.None);

        await client.DisposeAsync();

        connection.IsOpen.ShouldBeFalse();
        await client.GetConnectionAsync(CancellationToken.None).AsTask().ShouldEndWithAsync<ObjectDisposedException>();
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        var server = new LdapServer("dc1", 636);
        Refused(nameof(LdapClientOptions.Servers), new LdapClientOptions { Servers = [] });
        Refused(nameof(LdapClientOptions.KeepServerFor), new LdapClientOptions { Servers = [server], KeepServerFor = TimeSpan.FromTicks(-1) });
        Refused(nameof(LdapClientOptions.PauseAfterFailure), new LdapClientOptions { Servers = [server], PauseAfterFailure = TimeSpan.FromHours(1) });
        Refused(nameof(LdapOptions.ConnectTimeout), new LdapClientOptions { Servers = [server], Connection = new LdapOptions { ConnectTimeout = TimeSpan.Zero } });
        Refused(nameof(LdapOptions.PendingRequestsMax), new LdapClientOptions { Servers = [server], Connection = new LdapOptions { PendingRequestsMax = 0 } });

        static void Refused(string name, LdapClientOptions options) =>
            Should.Throw<ArgumentException>(options.Validate).Message.ShouldContain(name);
    }

    private static LdapClientOptions Options(params LdapServer[] servers) => new() { Servers = servers, Connection = PlainWithSecrets };

    private LdapClient Client(params LdapServer[] servers) =>
        new(Options(servers), _ => new ValueTask<LdapCredential>(new SimpleCredential("cn=x", "secret"u8)), clock);

    private static async Task EndAsync(LdapClient client) => await (await client.GetConnectionAsync(CancellationToken.None)).DisposeAsync();

    private static async Task BindOnlyAsync(Conversation conversation)
    {
        await conversation.SendAsync(Answers.Bind((await conversation.ReadAsync()).Id, LdapResultCode.Success));
        await conversation.StaySilentAsync();
    }
}
