using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace PasswordSync.Providers.EntraId;

/// <summary>The permissions of Microsoft Graph that the provider needs, and what a token says of them.</summary>
internal static class GraphRights
{
    /// <summary>The application permission that is enough to set passwords of users without administrator roles.</summary>
    public const string Write = "User-PasswordProfile.ReadWrite.All";

    /// <summary>The application permission that is enough to find users and to read when their passwords were changed.</summary>
    public const string Read = "User.Read.All";

    private static readonly ImmutableArray<string> Writing = [Write, "User.ReadWrite.All", "Directory.ReadWrite.All"];
    private static readonly ImmutableArray<string> Reading = [Read, "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];

    public const string ExplainReading = $"Grant the application permission {Read} and an administrator's consent.";

    public const string ExplainWriting =
        $"Grant the application permission {Write} and an administrator's consent. If it has that: the user holds an administrator role, and the application needs a role itself (User Administrator for the lower ones, Privileged Authentication Administrator for all); better leave administrators out of the point's scope.";

    /// <summary>The application permissions in a token, or null if it cannot be read: a token is the business of who takes it, so this serves messages only.</summary>
    public static ImmutableArray<string>? RolesOf(string token)
    {
        try
        {
            if (token.Split('.') is not [_, var payload, _]) return null;
            var padded = payload.Replace('-', '+').Replace('_', '/').PadRight((payload.Length + 3) / 4 * 4, '=');
            using var claims = JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(padded)));
            return claims.RootElement.TryGetProperty("roles", out var roles) && roles.ValueKind == JsonValueKind.Array
                ? [.. roles.EnumerateArray().Select(role => role.GetString()).OfType<string>()]
                : [];
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    public static bool AllowWriting(ImmutableArray<string> roles) => roles.Any(Writing.Contains);

    public static bool AllowReading(ImmutableArray<string> roles) => roles.Any(Reading.Contains);
}
