using System.Text.Json;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>What of an answer travels in headers: a node that does not know one passes over it, as it could not over a member of the body.</summary>
internal static class RemoteHeaders
{
    private const string Server = "PasswordSync-Server";
    private const string PresentStamp = "PasswordSync-Present-Stamp";

    /// <summary>The most characters of a value; a longer one is left out.</summary>
    private const int LengthMax = 300;

    public static void Write(RemoteAnswer answer, IHeaderDictionary headers)
    {
        if (answer.Server is { Length: <= LengthMax } server && server.All(letter => letter is > ' ' and <= '~')) headers[Server] = server;
        if (answer.PresentStamp is { } stamp) headers[PresentStamp] = JsonSerializer.Serialize(stamp, RemoteJson.Default.RemoteStamp);
    }

    /// <exception cref="JsonException">A value is none.</exception>
    public static RemoteAnswer Read(RemoteAnswer answer, HttpResponseMessage response) => answer with
    {
        Server = ValueOf(response, Server),
        PresentStamp = ValueOf(response, PresentStamp) is { } stamp ? JsonSerializer.Deserialize(stamp, RemoteJson.Default.RemoteStamp) : null,
    };

    private static string? ValueOf(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out var values) && string.Join(',', values) is { Length: > 0 and <= LengthMax } value ? value : null;
}
