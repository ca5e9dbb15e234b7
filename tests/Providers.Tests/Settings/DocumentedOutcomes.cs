using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Graph.Models.ODataErrors;
using Npgsql;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.EntraId;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.LocalAccounts;
using PasswordSync.Providers.Passwordstate;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.PostgreSqlRoles;
using PasswordSync.Providers.Scim;
using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Webhook;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Settings;

/// <summary>The tables "what it says, what it means" under docs/providers are what the code does: each code that a row names is classified as the row says.</summary>
public sealed partial class DocumentedOutcomes
{
    private const string Echo = "N3w.Passw0rd!";

    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Dictionary<string, Type> Words = new()
    {
        ["delivered"] = typeof(DeliveryOutcome.Delivered),
        ["already there"] = typeof(DeliveryOutcome.AlreadyThere),
        ["refused by policy"] = typeof(DeliveryOutcome.RefusedByPolicy),
        ["account not found"] = typeof(DeliveryOutcome.AccountNotFound),
        ["misconfigured"] = typeof(DeliveryOutcome.TargetMisconfigured),
        ["transient"] = typeof(DeliveryOutcome.Transient),
        ["throttled"] = typeof(DeliveryOutcome.Throttled),
        ["unknown"] = typeof(DeliveryOutcome.Unknown),
    };

    [Theory]
    [InlineData("webhook.md", 18)]
    [InlineData("scim.md", 16)]
    [InlineData("passwordstate.md", 10)]
    [InlineData("entra-id.md", 16)]
    public void A_status_of_HTTP_means_what_the_page_says(string page, int rowsMin)
    {
        var seen = 0;
        foreach (var (part, expected) in PartsOf(page))
        {
            foreach (Match code in Status().Matches(part))
            {
                var status = int.Parse(code.Value.Replace("xx", "02", StringComparison.Ordinal), CultureInfo.InvariantCulture);
                if (status < 300 && page != "webhook.md") continue;
                var outcome = OfHttp(page, status, part);
                outcome.ShouldBeOfType(expected, $"{page}: {part}");
                outcome.ToString().ShouldNotContain(Echo);
                seen++;
            }
        }

        seen.ShouldBeGreaterThanOrEqualTo(rowsMin, "the table must name its codes");
    }

    [Theory]
    [InlineData("postgresql-roles.md", 10)]
    [InlineData("sql.md", 14)]
    public void An_error_code_of_PostgreSQL_means_what_the_page_says(string page, int rowsMin)
    {
        Func<PostgresException, string, DeliveryOutcome?> special = page == "sql.md" ? PostgreSqlEngine.Classify : PostgreSqlRolesProvider.Classify;
        var seen = 0;
        foreach (var (part, expected) in PartsOf(page))
        {
            foreach (Match code in SqlState().Matches(part))
            {
                var state = code.Value.Replace("…", code.Value[..2] == "42" ? "703" : "000", StringComparison.Ordinal);
                var answer = new PostgresException("said", "ERROR", "ERROR", state);
                PostgreSqlFailures.Classify(answer, mayHaveWritten: true, certificateFault: null, special).ShouldBeOfType(expected, $"{page}: {part} ({state})");
                seen++;
            }
        }

        seen.ShouldBeGreaterThanOrEqualTo(rowsMin);
    }

    [Fact]
    public void A_code_of_Windows_or_Samba_means_what_the_page_says()
    {
        var seen = 0;
        foreach (var (part, expected) in PartsOf("local-accounts.md"))
        {
            foreach (Match code in NtStatus().Matches(part))
            {
                var status = uint.Parse(code.ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                SambaFailures.Classify(status, "said", mayHaveWritten: true).ShouldBeOfType(expected, part);
                seen++;
            }

            foreach (Match code in WindowsCode().Matches(NtStatus().Replace(part, "")))
            {
                WindowsFailures.Classify(int.Parse(code.Value, CultureInfo.InvariantCulture), mayHaveWritten: true).ShouldBeOfType(expected, part);
                seen++;
            }
        }

        seen.ShouldBeGreaterThanOrEqualTo(33);
    }

    private static DeliveryOutcome OfHttp(string page, int status, string part)
    {
        var permit = part.Contains("at a search", StringComparison.Ordinal) ? null : UsedPermit();
        var pause = part.Contains("with `Retry-After`", StringComparison.Ordinal) ? TimeSpan.FromSeconds(7) : (TimeSpan?)null;
        var quoted = Quoted().Match(part) is { Success: true } match && pause is null ? match.Groups[1].Value : null;
        var detail = part.Contains("names the password", StringComparison.Ordinal) ? $"The password {Echo} is weak." : part.Contains("federation", StringComparison.Ordinal) ? "The domain is federated." : "Something.";
        string Redact(string text) => text.Replace(Echo, "[redacted]", StringComparison.Ordinal);
        return page switch
        {
            "webhook.md" => WebhookResponses.Classify(AnswerOf(status, pause, ""), permit, Now, ""),
            "scim.md" => ScimResponses.Classify(
                AnswerOf(status, pause, quoted is null or "scimType" ? $$"""{"detail":"{{detail}}"}""" : $$"""{"scimType":"{{quoted}}","detail":"{{detail}}"}"""), permit, Now, Redact),
            "passwordstate.md" => PasswordstateResponses.Classify(AnswerOf(status, pause, $$"""[{"errors":[{"message":"Bad"},{"phrase":"{{detail}}"}]}]"""), permit, Now, Redact),
            _ => GraphFailures.Classify(
                new ODataError
                {
                    ResponseStatusCode = status,
                    Error = new MainError { Code = quoted, Message = quoted?.Contains(' ', StringComparison.Ordinal) == true ? quoted : detail },
                    ResponseHeaders = pause is { } span ? new Dictionary<string, IEnumerable<string>> { ["Retry-After"] = [$"{span.TotalSeconds:0}"] } : [],
                },
                permit, Now, () => TimeSpan.FromSeconds(5), Redact),
        };
    }

    private static HttpAnswer AnswerOf(int status, TimeSpan? pause, string body) =>
        new((HttpStatusCode)status, pause is null ? null : new RetryAfter(pause, Date: null), ETag: null, Encoding.UTF8.GetBytes(body));

    private static WritePermit UsedPermit()
    {
        var permit = new WritePermit(TimeProvider.System.GetUtcNow() + Any.LongTime, TimeProvider.System);
        permit.Use().ShouldBeNull();
        return permit;
    }

    /// <summary>The alternatives of each row's first cell, with what its second cell says of them.</summary>
    private static IEnumerable<(string Part, Type Outcome)> PartsOf(string page) =>
        from line in File.ReadLines(Repository.PathOf("docs", "providers", page)).SkipWhile(line => !line.StartsWith("| answer", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'))
        let cells = line.Split('|')
        let word = Words.Keys.FirstOrDefault(word => cells[2].TrimStart(' ', '*').StartsWith(word, StringComparison.Ordinal)) ?? throw new InvalidOperationException($"{page}: no outcome in {line}")
        from part in cells[1].Split(';')
        select (part.Trim(), Words[word]);

    [GeneratedRegex(@"(?<![\w.])[2-5](\d\d|xx)\b")]
    private static partial Regex Status();

    [GeneratedRegex(@"(?<![\w.])(?=[0-9A-Z]*\d)([0-9A-Z]{5}\b|\d\d…)")]
    private static partial Regex SqlState();

    [GeneratedRegex("0xC[0-9A-F]{7}")]
    private static partial Regex NtStatus();

    [GeneratedRegex(@"(?<![\w.])\d{1,4}(?![\w.])")]
    private static partial Regex WindowsCode();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
