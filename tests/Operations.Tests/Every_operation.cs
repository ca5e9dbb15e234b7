using System.Net;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Operations.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>Rules that hold for all operations; new ones are found by themselves.</summary>
public sealed class Every_operation(OneNode one) : IClassFixture<OneNode>
{
    private static readonly string[] Roles = ["viewer", "operator", "administrator"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Is_refused_without_a_token_and_a_viewer_is_refused_every_changing_one_and_nothing_changes()
    {
        var node = one.Node;
        using var admin = OperatorClient.First(node);
        using var viewer = await admin.MakeAsync(node, "vera", "viewer", Token);
        using var @operator = await admin.MakeAsync(node, "otto", "operator", Token);
        using var nobody = OperatorClient.With(node, token: null);
        var commands = (await admin.CommandsAsync(Token)).Commands;
        commands.Length.ShouldBeGreaterThan(30);
        commands.Count(command => command.Changes).ShouldBeGreaterThan(10);

        foreach (var command in commands)
        {
            var name = $"{command.Palette} {command.Name}".TrimEnd();
            using (var refused = await nobody.SendAsync(OperatorClient.RequestOf(command), Token)) refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, name);
            if (command.Changes) command.Role.ShouldNotBe("viewer", $"{name} changes something");
            if (command.Role != "viewer")
            {
                using var refused = await viewer.SendAsync(OperatorClient.RequestOf(command), Token);
                refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden, name);
            }

            if (command.Role == "administrator")
            {
                using var refused = await @operator.SendAsync(OperatorClient.RequestOf(command), Token);
                refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden, name);
            }
        }

        var audit = await admin.RunAsync("audit list", Token, ("limit", "1000"));
        var denied = audit.Rows().Where(row => row.GetProperty("stage").GetString() == "denied" && row.GetProperty("operator").GetString() == "vera").Select(row => row.GetProperty("operation").GetString()).ToList();
        denied.ShouldBe(commands.Where(command => command.Role != "viewer").Select(command => $"{command.Palette} {command.Name}".TrimEnd()), ignoreOrder: true);
        audit.Rows().Where(row => row.GetProperty("stage").GetString() == "done").ShouldAllBe(row => row.GetProperty("operation").GetString() == "operator add");
    }

    [Fact(Timeout = 600_000)]
    public async Task Says_what_it_does_with_an_example_and_its_parameters_are_told_apart()
    {
        var node = one.Node;
        using var admin = OperatorClient.First(node);

        foreach (var command in (await admin.CommandsAsync(Token)).Commands)
        {
            var name = $"{command.Palette} {command.Name}".TrimEnd();
            command.Summary.ShouldEndWith(".", Case.Sensitive, name);
            Roles.ShouldContain(command.Role);
            command.Examples.ShouldNotBeEmpty(name);
            command.Examples.ShouldAllBe(example => example.StartsWith(name, StringComparison.Ordinal), name);
            command.Columns.IsEmpty.ShouldBe(!command.Streams, name);
            command.Parameters.ShouldAllBe(parameter => parameter.Summary.EndsWith('.'), name);
            command.Parameters.Select(parameter => parameter.Name).ShouldBeUnique(name);
            command.Parameters.Select(parameter => parameter.Switch).OfType<string>().ShouldBeUnique(name);
            command.Parameters.Count(parameter => parameter.Repeatable && parameter.Positional).ShouldBeLessThanOrEqualTo(1, name);
            (command.Method == "POST").ShouldBe(command.Changes || command.Parameters.Any(parameter => parameter.Kind == "secret"), name);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Is_in_the_OpenApi_document_with_its_parameters()
    {
        var node = one.Node;
        using var admin = OperatorClient.First(node);
        using var response = await admin.GetAsync("api/v1/openapi.json", Token);
        var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement;

        document.GetProperty("openapi").GetString().ShouldBe("3.1.0");
        foreach (var command in (await admin.CommandsAsync(Token)).Commands)
        {
            var path = $"/{CommandList.OperationsPath}{command.Palette}/{command.Name.Replace(' ', '/')}".TrimEnd('/');
            var operation = document.GetProperty("paths").GetProperty(path).GetProperty(command.Method.ToLowerInvariant());
            var parameters = command.Method == "GET"
                ? operation.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()!)
                : operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("properties").EnumerateObject().Select(property => property.Name);
            parameters.ShouldBe(command.Parameters.Select(parameter => parameter.Name));
            var told = operation.ToString();
            foreach (var parameter in command.Parameters) told.ShouldContain(JsonEncodedText.Encode(parameter.Summary).ToString(), Case.Sensitive, $"{path} {parameter.Name}");
            told.Contains("Is written into the audit.", StringComparison.Ordinal).ShouldBe(command.Changes || command.Role != "viewer", path);
        }

        foreach (var path in (string[])["/health/live", "/health/ready", "/metrics", "/api/v1/commands"])
        {
            var answers = document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("responses");
            using var served = await admin.GetAsync(path[1..], Token);
            answers.TryGetProperty($"{(int)served.StatusCode}", out var answer).ShouldBeTrue($"{path} answered {served.StatusCode}");
            answer.GetProperty("content").EnumerateObject().Single().Name.ShouldBe(served.Content.Headers.ContentType!.ToString());
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Refuses_unknown_missing_repeated_and_malformed_parameters_with_what_to_change()
    {
        var node = one.Node;
        using var admin = OperatorClient.First(node);

        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync history", Token, ("colour", "red"))).ShouldBe("'colour' is not a parameter of 'sync history': it has user, point, source, change-set, controller, event, failures, last, limit.");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync explain", Token)).ShouldStartWith("'user' is missing: Who: login name");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync history", Token, ("limit", "0"))).ShouldBe("'limit' is '0': use a whole number from 1.");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync history", Token, ("last", "soon"))).ShouldBe("'last' is 'soon': use a number and ms, s, m, h or d, such as 30s.");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync history", Token, ("point", "a"), ("point", "b"))).ShouldBe("'point' is given 2 times: at most 1.");
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "sync history", Token, ("point", "nowhere"))).ShouldStartWith("There is no sync point 'nowhere'");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync history", Token, ("event", "exploded"))).ShouldStartWith("'event' is 'exploded': use one of accepted, ignored, ");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "sync explain", Token, ("user", "a\0b"))).ShouldBe("'user' has the character NUL (U+0000), which no name and no text has: leave it out.");
        using var malformed = await admin.SendAsync(new HttpRequestMessage(HttpMethod.Post, "api/v1/sync/point/pause") { Content = new StringContent("{\"point\":{}}") }, Token);
        malformed.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        foreach (var body in (string[])["{\"point\":\"a\",\"point\":\"b\"}", "{\"point\":\"\\ud800\"}", "{\"\\ud800\":\"a\"}", "{\"point\":[\"a\",\"\\udc00\"]}"])
        {
            using var refused = await admin.SendAsync(new HttpRequestMessage(HttpMethod.Post, "api/v1/sync/point/pause") { Content = new StringContent(body) }, Token);
            refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest, body);
        }

        using var nowhere = await admin.GetAsync("api/v1/sync/nothing", Token);
        nowhere.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
