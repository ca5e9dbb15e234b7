using System.Security.Authentication;
using Npgsql;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.PostgreSql;

/// <summary>
/// What PostgreSQL's error codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) mean for a delivery. Its messages hold names of roles, never passwords: only a verifier
/// travels, and the library leaves details of statements out.
/// </summary>
internal static class PostgreSqlFailures
{
    /// <summary>Whether this is one of the exceptions that talking to a server brings.</summary>
    public static bool IsExpected(Exception exception) => exception is NpgsqlException or CredentialUnreadableException or TimeoutException or AuthenticationException or System.Net.Sockets.SocketException or IOException;

    /// <param name="exception">One of those that <see cref="IsExpected"/> names.</param>
    /// <param name="mayHaveWritten">Whether the statement that writes may have been sent.</param>
    /// <param name="certificateFault">What was wrong with the server's certificate; null if nothing.</param>
    /// <param name="classify">What answers mean that are special to what was asked; null for the others.</param>
    public static DeliveryOutcome Classify(Exception exception, bool mayHaveWritten, string? certificateFault, Func<PostgresException, string, DeliveryOutcome?> classify) => exception switch
    {
        // The server answered: a statement that failed changed nothing.
        PostgresException answer => Classify(answer, classify),
        CredentialUnreadableException => new DeliveryOutcome.TargetMisconfigured(exception.Message),
        NpgsqlException { InnerException: CredentialUnreadableException unreadable } => new DeliveryOutcome.TargetMisconfigured(unreadable.Message),
        _ when mayHaveWritten => new DeliveryOutcome.Unknown("The connection failed after the statement may have been sent."),
        _ when IsCertificate(exception) && certificateFault is not null => new DeliveryOutcome.TargetMisconfigured($"{certificateFault} Check host and trustedRoots."),
        _ => new DeliveryOutcome.Transient($"The server cannot be reached ({exception.Message})."),
    };

    private static DeliveryOutcome Classify(PostgresException answer, Func<PostgresException, string, DeliveryOutcome?> classify)
    {
        var reason = $"PostgreSQL answered {answer.SqlState}: {answer.MessageText}";
        return classify(answer, reason) ?? answer.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => new DeliveryOutcome.TargetMisconfigured($"{reason} Check bindName, bindPassword and pg_hba.conf."),
            PostgresErrorCodes.InvalidCatalogName => new DeliveryOutcome.TargetMisconfigured($"{reason} Check database."),
            PostgresErrorCodes.ReadOnlySqlTransaction => new DeliveryOutcome.TargetMisconfigured($"{reason} This server is a standby, or default_transaction_read_only is on for the service: name the primary in host, or let bindName's transactions write."),
            _ => new DeliveryOutcome.Transient(reason),
        };
    }

    private static bool IsCertificate(Exception exception) => exception is AuthenticationException || exception.InnerException is { } inner && IsCertificate(inner);
}
