using PasswordSync.Ldap.Tests.Support;
using Shouldly;
using static PasswordSync.Ldap.Tests.Support.Requests;

namespace PasswordSync.Ldap.Tests.Connections;

public sealed class HostileServerTests
{
    public static TheoryData<string, string> Nonsense => new()
    {
        { "not a sequence", "485454502F312E31" },
        { "indefinite length", "3080020101" },
        { "length of five bytes", "30850000000001" },
        { "no message id", "30020400" },
        { "negative message id", "30050201FF6500" },
        { "message id of five bytes", "3009020501010101016500" },
        { "no operation", "3003020101" },
        { "operation of no application class", "30050201013000" },
        { "value longer than what surrounds it", "30050201016505" },
        { "result that ends early", "300802010165030A0100" },
        { "string in parts", "300F020101650A0A010024030401410400" },
        { "tag of several bytes", "30070201017F810100" },
        { "answer of another kind", "300C02010167070A010004000400" },
    };

    [Theory(Timeout = 600_000)]
    [MemberData(nameof(Nonsense))]
    public async Task Nonsense_ends_the_connection_as_a_protocol_error(string kind, string hexadecimal)
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.ReadAsync();
            await conversation.SendAsync(Convert.FromHexString(hexadecimal));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var failure = await connection.SearchAsync(Read("dc=any"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.ProtocolError, kind);
        failure.OutcomeIsUnknown.ShouldBeTrue();
        connection.IsOpen.ShouldBeFalse();
    }

    [Fact(Timeout = 600_000)]
    public async Task Half_a_message_and_the_end_is_told_as_closed()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            await conversation.SendAsync(Answers.SearchDone(request.Id)[..5]);
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var failure = await connection.SearchAsync(Read("dc=any"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.Closed);
        failure.OutcomeIsUnknown.ShouldBeTrue();
        failure.Message.ShouldContain("middle of a message");
    }

    [Fact(Timeout = 600_000)]
    public async Task Half_a_message_and_silence_times_out()
    {
        var clock = new ManualClock();
        var half = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            await conversation.SendAsync(Answers.SearchDone(request.Id)[..5]);
            half.SetResult();
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, clock);
        var search = connection.SearchAsync(Read("dc=any"), CancellationToken.None);
        await half.Task;

        clock.Advance(Plain.RequestTimeout);

        (await search.ShouldThrowAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.TimedOut);
    }

    [Fact(Timeout = 600_000)]
    public async Task Message_above_the_bound_ends_the_connection_before_it_is_read()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.ReadAsync();
            await conversation.SendAsync([0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]);
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var failure = await connection.SearchAsync(Read("dc=any"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.BoundExceeded);
        failure.Message.ShouldContain(nameof(LdapOptions.MessageSizeMax));
    }

    [Fact(Timeout = 600_000)]
    public async Task Deep_nesting_is_a_protocol_error()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.ReadAsync();
            byte[] nested = [];
            for (var i = 0; i < 60; i++) nested = [0x30, (byte)nested.Length, .. nested];
            await conversation.SendAsync(nested);
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var failure = await connection.SearchAsync(Read("dc=any"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.ProtocolError);
        failure.Message.ShouldContain("deeper");
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_that_closes_fails_every_pending_request()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            for (var i = 0; i < 3; i++) await conversation.ReadAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);
        var searches = Enumerable.Range(0, 3).Select(i => connection.SearchAsync(Read($"dc={i}"), CancellationToken.None)).ToList();

        foreach (var search in searches)
        {
            var failure = await search.ShouldThrowAsync<LdapException>();
            failure.Kind.ShouldBe(LdapErrorKind.Closed);
            failure.OutcomeIsUnknown.ShouldBeTrue();
        }

        var late = await connection.SearchAsync(Read("dc=late"), CancellationToken.None).ShouldThrowAsync<LdapException>();
        late.Kind.ShouldBe(LdapErrorKind.Closed);
        late.RequestWasSent.ShouldBe(LdapSent.No);
    }

    [Fact(Timeout = 600_000)]
    public async Task Notice_of_disconnection_says_why_the_server_closed()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.ReadAsync();
            await conversation.SendAsync(Answers.NoticeOfDisconnection(LdapResultCode.Unavailable));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var failure = await connection.SearchAsync(Read("dc=any"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.Closed);
        failure.Result!.Code.ShouldBe(LdapResultCode.Unavailable);
        failure.OutcomeIsUnknown.ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task Clear_text_smuggled_in_after_StartTLS_is_not_taken_for_an_answer()
    {
        using var certificates = new TestCertificates();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            await conversation.SendAsync([.. Answers.Extended(request.Id, LdapResultCode.Success), .. Answers.Bind(request.Id + 1, LdapResultCode.Success)]);
            await conversation.FreezeAsync();
        });
        var options = new LdapOptions { Security = LdapSecurity.StartTls, Trust = certificates.Trust };
        using var credential = new SimpleCredential("cn=somebody", "secret"u8);

        var failure = await LdapConnection.ConnectAsync(server.Address, credential, options, TimeProvider.System, CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.TlsFailed);
    }

    [Fact(Timeout = 600_000)]
    public async Task Endless_empty_pages_are_given_up()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            while (await conversation.TryReadAsync() is { } request) await conversation.SendAsync(Answers.SearchDone(request.Id, pageCookie: [1]));
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var failure = await Should.ThrowAsync<LdapException>(async () =>
        {
            await foreach (var entry in connection.SearchPagedAsync(Read("dc=any"), 10, CancellationToken.None)) entry.ShouldBeNull();
        });

        failure.Kind.ShouldBe(LdapErrorKind.BoundExceeded);
    }
}
