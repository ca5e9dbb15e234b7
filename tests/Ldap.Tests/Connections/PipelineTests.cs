using PasswordSync.Ldap.Tests.Support;
using Shouldly;
using static PasswordSync.Ldap.Tests.Support.Requests;

namespace PasswordSync.Ldap.Tests.Connections;

public sealed class PipelineTests
{
    [Fact(Timeout = 600_000)]
    public async Task Answers_in_any_order_reach_their_own_requests()
    {
        const int count = 20;
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var requests = new List<Request>();
            for (var i = 0; i < count; i++) requests.Add(await conversation.ReadAsync());
            foreach (var request in requests) await conversation.SendAsync(Answers.Entry(request.Id, request.FirstText()));
            requests.Reverse();
            foreach (var request in requests) await conversation.SendAsync(Answers.SearchDone(request.Id));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var results = await Task.WhenAll(Enumerable.Range(0, count).Select(i => connection.SearchAsync(Read($"dc={i}"), CancellationToken.None)));

        for (var i = 0; i < count; i++) results[i].Entries.ShouldHaveSingleItem().Dn.ShouldBe($"dc={i}");
    }

    [Fact(Timeout = 600_000)]
    public async Task Messages_that_answer_no_request_are_ignored_and_counted()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            await conversation.SendAsync(
                Answers.SearchDone(request.Id + 1000),
                Answers.Intermediate(request.Id),
                Answers.Extended(0, LdapResultCode.Success, "1.2.3.4"),
                Answers.Reference(request.Id, "ldap://elsewhere/"),
                Answers.Entry(request.Id, "dc=any"),
                Answers.SearchDone(request.Id));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var result = await connection.SearchAsync(Read("dc=any"), CancellationToken.None);

        result.Entries.Count.ShouldBe(1);
        result.ReferenceCount.ShouldBe(1);
        connection.IgnoredMessages.ShouldBe(3);
    }

    [Fact(Timeout = 600_000)]
    public async Task One_request_too_many_is_refused_and_not_sent()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.StaySilentAsync());
        await using var connection = await ConnectAsync(server, Plain with { PendingRequestsMax = 2 }, TimeProvider.System);
        var waiting = new[] { connection.SearchAsync(Read("dc=1"), CancellationToken.None), connection.SearchAsync(Read("dc=2"), CancellationToken.None) };

        var failure = await connection.SearchAsync(Read("dc=3"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.BoundExceeded);
        failure.RequestWasSent.ShouldBe(LdapSent.No);
        failure.Message.ShouldContain(nameof(LdapOptions.PendingRequestsMax));
        waiting.ShouldAllBe(search => !search.IsCompleted);
        await connection.DisposeAsync();
        foreach (var search in waiting) (await search.ShouldThrowAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.Closed);
    }

    [Fact(Timeout = 600_000)]
    public async Task Search_with_too_many_entries_fails_alone_and_is_abandoned()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            for (var i = 0; i < 4; i++) await conversation.SendAsync(Answers.Entry(request.Id, $"dc={i}"));
            (await conversation.ReadAsync()).Operation.ShouldBe(Conversation.Abandon);
            await conversation.BehaveAsync();
        });
        await using var connection = await ConnectAsync(server, Plain with { SearchEntriesMax = 3 }, TimeProvider.System);

        var failure = await connection.SearchAsync(Read("dc=all"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.BoundExceeded);
        failure.Message.ShouldContain(nameof(LdapOptions.SearchEntriesMax));
        (await connection.SearchAsync(Read("dc=next"), CancellationToken.None)).Entries.Count.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task Search_with_too_many_bytes_fails_alone()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            await conversation.SendAsync(Answers.Entry(request.Id, "dc=big", ("description", [new string('x', 3000)])));
            await conversation.BehaveAsync();
        });
        await using var connection = await ConnectAsync(server, Plain with { SearchBytesMax = 2000 }, TimeProvider.System);

        var failure = await connection.SearchAsync(Read("dc=big"), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.BoundExceeded);
        failure.Message.ShouldContain(nameof(LdapOptions.SearchBytesMax));
        connection.IsOpen.ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task Paged_search_ends_at_its_bound()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            while (await conversation.TryReadAsync() is { } request)
                await conversation.SendAsync(Answers.Entry(request.Id, "dc=1"), Answers.SearchDone(request.Id, pageCookie: [1]));
        });
        await using var connection = await ConnectAsync(server, Plain with { PagedEntriesMax = 5 }, TimeProvider.System);
        var count = 0;

        var failure = await Should.ThrowAsync<LdapException>(async () =>
        {
            await foreach (var entry in connection.SearchPagedAsync(Read("dc=any"), 1, CancellationToken.None)) count++;
        });

        failure.Kind.ShouldBe(LdapErrorKind.BoundExceeded);
        count.ShouldBe(5);
    }

    [Fact(Timeout = 600_000)]
    public async Task Bind_beside_another_request_is_refused()
    {
        await using var server = ScriptedServer.Start(conversation => conversation.StaySilentAsync());
        await using var connection = await ConnectAsync(server, PlainWithSecrets, TimeProvider.System);
        using var credential = new SimpleCredential("cn=somebody", "secret"u8);
        var search = connection.SearchAsync(Read("dc=1"), CancellationToken.None);

        await connection.BindAsync(credential, CancellationToken.None).ShouldThrowAsync<InvalidOperationException>();

        search.IsCompleted.ShouldBeFalse();
        await connection.DisposeAsync();
        await search.ShouldThrowAsync<LdapException>();
    }

    [Fact(Timeout = 600_000)]
    public async Task Bind_can_follow_a_refused_one()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.SendAsync(Answers.Bind((await conversation.ReadAsync()).Id, LdapResultCode.InvalidCredentials));
            await conversation.BehaveAsync();
        });
        await using var connection = await ConnectAsync(server, PlainWithSecrets, TimeProvider.System);
        using var credential = new SimpleCredential("cn=somebody", "secret"u8);

        var refusal = await connection.BindAsync(credential, CancellationToken.None).ShouldThrowAsync<LdapException>();
        var accepted = await connection.BindAsync(credential, CancellationToken.None);

        refusal.Result!.Code.ShouldBe(LdapResultCode.InvalidCredentials);
        refusal.OutcomeIsUnknown.ShouldBeFalse();
        accepted.Code.ShouldBe(LdapResultCode.Success);
    }

    [Fact(Timeout = 600_000)]
    public async Task Closing_says_unbind()
    {
        var last = new TaskCompletionSource<Request?>();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            last.SetResult(await conversation.TryReadAsync());
            (await conversation.TryReadAsync()).ShouldBeNull();
        });
        var connection = await ConnectAsync(server, TimeProvider.System);

        await connection.DisposeAsync();
        await connection.DisposeAsync();

        (await last.Task)!.Operation.ShouldBe(Conversation.Unbind);
        var late = await connection.SearchAsync(Read("dc=late"), CancellationToken.None).ShouldThrowAsync<LdapException>();
        late.Kind.ShouldBe(LdapErrorKind.Closed);
        late.Message.ShouldContain("this side");
    }

    [Fact(Timeout = 600_000)]
    public async Task Result_keeps_what_the_server_said_and_the_message_does_not()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            await conversation.SendAsync(Answers.Result(request.Id, 7, LdapResultCode.ConstraintViolation, "0000052D: the password hunter2 is too short", "ldap://other/"));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var failure = await connection.ModifyAsync(new LdapModifyRequest("cn=x", LdapModification.Replace("sn", "y")), CancellationToken.None).ShouldThrowAsync<LdapException>();

        failure.Result!.DiagnosticMessage.ShouldContain("hunter2");
        failure.Result.Referrals.ShouldBe(["ldap://other/"]);
        failure.ToString().ShouldNotContain("hunter2");
        failure.Result.ToString().ShouldNotContain("hunter2");
        failure.Message.ShouldContain("ConstraintViolation (19, 0000052D)");
    }

    [Fact(Timeout = 600_000)]
    public async Task Compare_tells_true_from_false_and_from_refusal()
    {
        var codes = new Queue<LdapResultCode>([LdapResultCode.CompareTrue, LdapResultCode.CompareFalse, LdapResultCode.NoSuchObject]);
        await using var server = ScriptedServer.Start(async conversation =>
        {
            while (codes.TryDequeue(out var code)) await conversation.SendAsync(Answers.Compare((await conversation.ReadAsync()).Id, code));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);
        var compare = new LdapCompareRequest("cn=x", "sn", "y"u8.ToArray());

        (await connection.CompareAsync(compare, CancellationToken.None)).ShouldBeTrue();
        (await connection.CompareAsync(compare, CancellationToken.None)).ShouldBeFalse();
        (await connection.CompareAsync(compare, CancellationToken.None).ShouldThrowAsync<LdapException>()).Result!.Code.ShouldBe(LdapResultCode.NoSuchObject);
    }

    [Fact(Timeout = 600_000)]
    public async Task List_cut_off_is_an_error_unless_the_request_set_the_limit()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            while (await conversation.TryReadAsync() is { } request)
            {
                if (request.Operation == Conversation.Search)
                    await conversation.SendAsync(Answers.Entry(request.Id, "dc=1"), Answers.SearchDone(request.Id, LdapResultCode.SizeLimitExceeded));
            }
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);
        var limited = new LdapSearchRequest("", LdapSearchScope.Subtree, LdapFilter.Present("objectClass")) { SizeLimit = 1 };

        var cut = await connection.SearchAsync(limited, CancellationToken.None);
        var refusal = await connection.SearchAsync(Read(""), CancellationToken.None).ShouldThrowAsync<LdapException>();

        cut.Entries.Count.ShouldBe(1);
        cut.IsComplete.ShouldBeFalse();
        refusal.Result!.Code.ShouldBe(LdapResultCode.SizeLimitExceeded);
    }
}
