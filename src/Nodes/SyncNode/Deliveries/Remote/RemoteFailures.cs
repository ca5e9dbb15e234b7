using System.Net;
using System.Text.Json;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>What a question to another node that failed means.</summary>
internal static class RemoteFailures
{
    /// <summary>Whether nothing was sent, or the node refused the step before it did anything.</summary>
    public static bool WasNotTaken(HttpRequestException failure) =>
        failure.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.NotFound
        || failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;

    /// <summary>Why, for people; without a full stop.</summary>
    public static string Explain(Exception failure) => failure switch
    {
        HttpRequestException { StatusCode: HttpStatusCode.NotFound } => "it does not carry out deliveries of this sync point: its configuration differs from the other nodes'",
        HttpRequestException { StatusCode: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden } => "it does not take this node for one of its cluster",
        HttpRequestException { StatusCode: HttpStatusCode.BadRequest } => "it does not understand what it was asked: run one version on all nodes",
        HttpRequestException { StatusCode: { } status } => $"it answered with status {(int)status}",
        JsonException => "its answer is not understood: run one version on all nodes",

        // What a connection failed of stands in the innermost exception, while the outer ones say "see inner exception".
        _ => failure.GetBaseException().Message.TrimEnd('.'),
    };
}
