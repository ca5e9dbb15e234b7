using PasswordSync.Ldap.Tests.Support;
using Shouldly;
using static PasswordSync.Ldap.Tests.Support.Requests;

namespace PasswordSync.Ldap.Tests.Connections;

public sealed class TimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualClock clock = new();

    [Fact(Timeout = 600_000)]
    public async Task Request_to_a_silent_server_times_out_and_says_that_it_was_sent()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.ReadAsync();
            await conversation.SendAsync(Answers.SearchDone((await conversation.ReadAsync()).Id));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, clock);
        var search = connection.SearchAsync(Read("dc=silent"), CancellationToken.None);

        // Messages are written one after the other, so the first is out when the second is answered.
        await connection.SearchAsync(Read("dc=answered"), CancellationToken.None);

        clock.Advance(Plain.RequestTimeout);

        var failure = await search.ShouldThrowAsync<LdapException>();
        failure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        failure.RequestWasSent.ShouldBe(LdapSent.Yes);
        failure.OutcomeIsUnknown.ShouldBeTrue();
        connection.IsOpen.ShouldBeTrue();
        connection.TimeoutsSinceLastMessage.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task Own_timeout_of_a_request_holds_instead_of_the_default()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.StaySilentAsync());
        await using var connection = await ConnectAsync(server, clock);
        var search = connection.SearchAsync(new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Timeout = Second }, CancellationToken.None);

        clock.Advance(Second);

        (await search.ShouldThrowAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.TimedOut);
    }

    [Fact(Timeout = 600_000)]
    public async Task Deadline_holds_where_it_is_earlier_than_the_timeout()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.StaySilentAsync());
        await using var connection = await ConnectAsync(server, clock);
        var request = new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Deadline = clock.GetUtcNow() + Second };
        var search = connection.SearchAsync(request, CancellationToken.None);
        clock.Advance(Second / 2);
        search.IsCompleted.ShouldBeFalse();

        clock.Advance(Second / 2);

        (await search.ShouldThrowAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.TimedOut);
    }

    [Fact(Timeout = 600_000)]
    public async Task Request_past_its_deadline_is_not_sent()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var first = await conversation.ReadAsync();
            first.FirstText().ShouldBe("dc=second");
            await conversation.SendAsync(Answers.SearchDone(first.Id));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, clock);
        var late = new LdapSearchRequest("dc=first", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Deadline = clock.GetUtcNow() };

        var failure = await connection.SearchAsync(late, CancellationToken.None).ShouldThrowAsync<LdapException>();
        await connection.SearchAsync(Read("dc=second"), CancellationToken.None);

        failure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        failure.RequestWasSent.ShouldBe(LdapSent.No);
        failure.OutcomeIsUnknown.ShouldBeFalse();
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_that_takes_nothing_any_more_ends_the_connection_and_the_queued_request_was_not_sent()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.FreezeAsync());
        var connection = await ConnectAsync(server, clock);
        var big = new byte[64 * 1024 * 1024];
        var stuck = connection.ModifyAsync(new LdapModifyRequest("cn=big", LdapModification.Replace("jpegPhoto", big)) { Timeout = 2 * Plain.RequestTimeout }, CancellationToken.None);
        var queued = connection.SearchAsync(new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Timeout = 2 * Plain.RequestTimeout }, CancellationToken.None);

        // One timer of each request and one of the write.
        await clock.WhenArmedAsync(3);

        clock.Advance(Plain.RequestTimeout);

        var stuckFailure = await stuck.ShouldThrowAsync<LdapException>();
        var queuedFailure = await queued.ShouldThrowAsync<LdapException>();

        stuckFailure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        stuckFailure.RequestWasSent.ShouldBe(LdapSent.Maybe);
        queuedFailure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        queuedFailure.RequestWasSent.ShouldBe(LdapSent.No);
        await connection.DisposeAsync();
    }

    [Fact(Timeout = 600_000)]
    public async Task Request_whose_deadline_passed_while_the_machine_was_suspended_is_not_sent()
    {
        var go = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await go.Task;
            await conversation.SendAsync(Answers.Modify((await conversation.ReadAsync()).Id, LdapResultCode.Success));
            var next = await conversation.ReadAsync();
            next.FirstText().ShouldBe("dc=next");
            await conversation.SendAsync(Answers.SearchDone(next.Id));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, clock);
        var slow = connection.ModifyAsync(new LdapModifyRequest("cn=big", LdapModification.Replace("jpegPhoto", new byte[64 * 1024 * 1024])), CancellationToken.None);
        var late = connection.SearchAsync(new LdapSearchRequest("dc=late", LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Deadline = clock.GetUtcNow() + Second }, CancellationToken.None);
        var next = connection.SearchAsync(Read("dc=next"), CancellationToken.None);

        clock.Suspend(Second);
        go.SetResult();

        await slow;
        var failure = await late.ShouldThrowAsync<LdapException>();
        failure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        failure.RequestWasSent.ShouldBe(LdapSent.No);
        await next;
    }

    [Fact(Timeout = 600_000)]
    public async Task Connecting_to_a_silent_TLS_server_times_out()
    {
        var accepted = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            accepted.SetResult();
            await conversation.FreezeAsync();
        });
        var connecting = LdapConnection.ConnectAsync(server.Address, LdapCredential.Anonymous, new LdapOptions(), clock, CancellationToken.None);
        await accepted.Task;

        clock.Advance(new LdapOptions().ConnectTimeout);

        var failure = await connecting.ShouldThrowAsync<LdapException>();
        failure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        failure.RequestWasSent.ShouldBe(LdapSent.No);
        failure.Message.ShouldContain(nameof(LdapOptions.ConnectTimeout));
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_that_does_not_answer_StartTLS_times_out()
    {
        var asked = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            (await conversation.ReadAsync()).Operation.ShouldBe(Conversation.Extended);
            asked.SetResult();
            await conversation.FreezeAsync();
        });
        var options = new LdapOptions { Security = LdapSecurity.StartTls };
        var connecting = LdapConnection.ConnectAsync(server.Address, LdapCredential.Anonymous, options, clock, CancellationToken.None);
        await asked.Task;

        clock.Advance(options.ConnectTimeout);

        (await connecting.ShouldThrowAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.TimedOut);
    }

    [Fact(Timeout = 600_000)]
    public async Task Bind_without_an_answer_times_out_and_leaves_no_connection()
    {
        var asked = new TaskCompletionSource();
        var gone = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            (await conversation.ReadAsync()).Operation.ShouldBe(Conversation.Bind);
            asked.SetResult();
            await conversation.StaySilentAsync();
            gone.SetResult();
        });
        using var credential = new SimpleCredential("cn=somebody", "secret"u8);
        var connecting = LdapConnection.ConnectAsync(server.Address, credential, PlainWithSecrets, clock, CancellationToken.None);
        await asked.Task;

        clock.Advance(Plain.ConnectTimeout);

        var failure = await connecting.ShouldThrowAsync<LdapException>();
        failure.Kind.ShouldBe(LdapErrorKind.TimedOut);
        failure.RequestWasSent.ShouldBe(LdapSent.No);
        await gone.Task;
    }

    [Fact(Timeout = 600_000)]
    public async Task Callers_cancellation_while_connecting_is_not_a_timeout()
    {
        var accepted = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            accepted.SetResult();
            await conversation.FreezeAsync();
        });
        using var cancellation = new CancellationTokenSource();
        var connecting = LdapConnection.ConnectAsync(server.Address, LdapCredential.Anonymous, new LdapOptions(), clock, cancellation.Token);
        await accepted.Task;

        await cancellation.CancelAsync();

        (await connecting.ShouldThrowAsync<OperationCanceledException>()).CancellationToken.ShouldBe(cancellation.Token);
    }
}
