using System.Formats.Asn1;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;
using static PasswordSync.Ldap.Tests.Support.Requests;

namespace PasswordSync.Ldap.Tests.Connections;

public sealed class CancellationTests
{
    [Fact(Timeout = 600_000)]
    public async Task Cancelling_abandons_the_request_and_frees_its_slot()
    {
        var seen = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var cancelled = await conversation.ReadAsync();
            seen.SetResult();
            var abandon = await conversation.ReadAsync();
            abandon.Operation.ShouldBe(Conversation.Abandon);
            AbandonedId(abandon).ShouldBe(cancelled.Id);
            var next = await conversation.ReadAsync();
            next.FirstText().ShouldBe("dc=next");
            await conversation.SendAsync(Answers.SearchDone(next.Id));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, Plain with { PendingRequestsMax = 1 }, TimeProvider.System);
        using var cancellation = new CancellationTokenSource();
        var search = connection.SearchAsync(Read("dc=cancelled"), cancellation.Token);
        await seen.Task;

        await cancellation.CancelAsync();

        var ended = await search.ShouldEndWithAsync<LdapRequestCanceledException>();
        ended.CancellationToken.ShouldBe(cancellation.Token);
        ended.RequestWasSent.ShouldNotBe(LdapSent.No);
        (await connection.SearchAsync(Read("dc=next"), CancellationToken.None)).Entries.ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task Request_with_a_cancelled_token_is_not_sent()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var request = await conversation.ReadAsync();
            request.FirstText().ShouldBe("dc=next");
            await conversation.SendAsync(Answers.SearchDone(request.Id));
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);

        var ended = await connection.SearchAsync(Read("dc=cancelled"), new CancellationToken(canceled: true)).ShouldEndWithAsync<LdapRequestCanceledException>();
        await connection.SearchAsync(Read("dc=next"), CancellationToken.None);

        ended.RequestWasSent.ShouldBe(LdapSent.No);
    }

    [Fact(Timeout = 600_000)]
    public async Task Late_answer_to_an_abandoned_request_is_ignored()
    {
        var seen = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            var cancelled = await conversation.ReadAsync();
            seen.SetResult();
            await conversation.ReadAsync();
            await conversation.SendAsync(Answers.Entry(cancelled.Id, "dc=late"), Answers.SearchDone(cancelled.Id));
            await conversation.BehaveAsync();
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);
        using var cancellation = new CancellationTokenSource();
        var search = connection.SearchAsync(Read("dc=cancelled"), cancellation.Token);
        await seen.Task;
        await cancellation.CancelAsync();
        await search.ShouldEndWithAsync<LdapRequestCanceledException>();

        var next = await connection.SearchAsync(Read("dc=next"), CancellationToken.None);

        next.Entries.ShouldHaveSingleItem().Dn.ShouldBe("dc=next");
        connection.IgnoredMessages.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task Bind_that_is_given_up_ends_the_connection()
    {
        var seen = new TaskCompletionSource();
        await using var server = ScriptedServer.Start(async conversation =>
        {
            await conversation.ReadAsync();
            seen.SetResult();
            await conversation.StaySilentAsync();
        });
        await using var connection = await ConnectAsync(server, PlainWithSecrets, TimeProvider.System);
        using var cancellation = new CancellationTokenSource();
        using var credential = new SimpleCredential("cn=somebody", "secret"u8);
        var bind = connection.BindAsync(credential, cancellation.Token);
        await seen.Task;

        await cancellation.CancelAsync();

        await bind.ShouldEndWithAsync<LdapRequestCanceledException>();
        connection.IsOpen.ShouldBeFalse();
        connection.Failure!.Message.ShouldContain("bind");
    }

    [Fact(Timeout = 600_000)]
    public async Task Paged_search_can_be_left_at_any_entry()
    {
        await using var server = ScriptedServer.Start(async conversation =>
        {
            while (await conversation.TryReadAsync() is { } request)
            {
                if (request.Operation != Conversation.Search) continue;
                await conversation.SendAsync(Answers.Entry(request.Id, "dc=one"), Answers.Entry(request.Id, "dc=two"), Answers.SearchDone(request.Id, pageCookie: [1]));
            }
        });
        await using var connection = await ConnectAsync(server, TimeProvider.System);
        var found = new List<string>();

        await foreach (var entry in connection.SearchPagedAsync(Read("dc=all"), 2, CancellationToken.None))
        {
            found.Add(entry.Dn);
            if (found.Count == 3) break;
        }

        found.ShouldBe(["dc=one", "dc=two", "dc=one"]);
    }

    private static int AbandonedId(Request abandon)
    {
        new AsnReader(abandon.Content, AsnEncodingRules.BER).TryReadInt32(out var id, new Asn1Tag(TagClass.Application, Conversation.Abandon)).ShouldBeTrue();
        return id;
    }
}
