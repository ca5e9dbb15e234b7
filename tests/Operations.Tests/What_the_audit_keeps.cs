using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Secrets;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.SyncNode.Operations;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>The audit is kept for ever and every viewer may read it: what gets in is known, bounded and no secret, also where a request is refused.</summary>
public sealed class What_the_audit_keeps(OneNode one) : IClassFixture<OneNode>
{
    private const string Canary = "Canary.Winter.2026!";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 600_000)]
    [InlineData("""{"user":"ann","password":"Canary.Winter.2026!"}""")]
    [InlineData("""{"user":"ann","Password":"Canary.Winter.2026!"}""")]
    [InlineData("""{"user":"ann","passwort":"Canary.Winter.2026!"}""")]
    [InlineData("""{"user":"ann","Canary.Winter.2026!":"password"}""")]
    [InlineData("""{"user":"ann","words":["Canary.Winter.2026!"]}""")]
    public async Task A_password_in_a_request_that_is_refused_is_not_in_it_whatever_it_was_called(string body)
    {
        var node = one.Node;
        using var admin = OperatorClient.First(node);
        var name = $"vera{Guid.NewGuid():N}";
        using var viewer = await admin.MakeAsync(node, name, "viewer", Token);

        using (var denied = await PostAsync(viewer, body)) denied.StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        var rows = (await admin.RunAsync("audit list", Token, ("limit", "1000"))).Rows();
        var row = rows.Single(row => Text(row, "operator") == name);
        (Text(row, "operation"), Text(row, "stage")).ShouldBe(("sync check", "denied"));
        Text(row, "request").ShouldBe(body.Contains("\"password\":", StringComparison.Ordinal) ? "user=ann" : "user=ann (1 unknown)");
        string.Join('\n', rows).ShouldNotContain("Canary");
        string.Join('\n', node.Log.All).ShouldNotContain("Canary");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_name_of_a_secret_with_other_capitals_is_told_and_its_value_is_in_no_answer()
    {
        using var admin = OperatorClient.First(one.Node);

        using var refused = await PostAsync(admin, $$"""{"user":"ann","PASSWORD":"{{Canary}}"}""");

        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var answer = await refused.Content.ReadAsStringAsync(Token);
        answer.ShouldContain("is not a parameter of");
        answer.ShouldNotContain("Canary");
    }

    [Fact(Timeout = 600_000)]
    public async Task What_is_refused_is_cut_off()
    {
        var node = one.Node;
        using var admin = OperatorClient.First(node);
        using var viewer = await admin.MakeAsync(node, "volker", "viewer", Token);

        using (var denied = await PostAsync(viewer, $$"""{"user":"{{new string('x', 60_000)}}"}""")) denied.StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        var row = (await admin.RunAsync("audit list", Token, ("limit", "1000"))).Rows().Single(row => Text(row, "operator") == "volker");
        Text(row, "request").ShouldBe($"user={new string('x', AuditText.LengthMax - 5)} ({60_000 + 5 - AuditText.LengthMax} characters cut off)");
        (await admin.RunAsync("audit verify", Token)).Fact("audit").ShouldBe("the chain is whole");
    }

    [Fact]
    public void A_text_is_cut_between_characters_and_has_no_NUL()
    {
        AuditText.Bounded(null).ShouldBeNull();
        AuditText.Bounded("as it is").ShouldBe("as it is");
        AuditText.Bounded("a\0b").ShouldBe("a\uFFFDb");
        var whole = new string('x', AuditText.LengthMax);
        AuditText.Bounded(whole).ShouldBe(whole);
        AuditText.Bounded(whole[1..] + "\U0001F511").ShouldBe(whole[1..] + " (2 characters cut off)");
    }

    [Fact]
    public void Of_a_request_only_what_the_operation_has_is_told_in_one_order()
    {
        ParameterDescription[] parameters = [Text("user"), Text("point"), Text("password") with { Kind = "secret" }];
        var description = new CommandDescription("sync", "check", "", "operator", Changes: false, "POST", Streams: false, [], [.. parameters], []);
        var values = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("user", ["ann", "bob"]).Add("point", ["mail"]).Add("password", [Canary]).Add("other", [Canary]);
        using var request = new OperationRequest(values, ImmutableDictionary<string, Secret>.Empty.Add("Password", Secret.FromCharacters(Canary)));

        AuditText.Of(request, description).ShouldBe("point=mail user=ann user=bob (2 unknown)");

        static ParameterDescription Text(string name) => new(name, null, "text", "", Required: false, Repeatable: false, Positional: false, null);
    }

    private static Task<HttpResponseMessage> PostAsync(OperatorClient client, string body) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "api/v1/sync/check") { Content = new StringContent(body, Encoding.UTF8, "application/json") }, Token);

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
