using Amqp;
using Amqp.Framing;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>The error conditions of the service, beside those of AMQP.</summary>
internal static class Errors
{
    public const string MessageLockLost = "com.microsoft:message-lock-lost";
    public const string MessageNotFound = "com.microsoft:message-not-found";
    public const string ArgumentError = "com.microsoft:argument-error";

    public static Error Of(string condition, string description) => new(condition) { Description = description };

    public static Error LockLost() => Of(MessageLockLost, "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.");

    public static Error EntityNotFound(string entity) => Of(ErrorCode.NotFound, $"The messaging entity '{entity}' could not be found.");
}

/// <summary>A request that cannot be understood or done; becomes an answer with this status.</summary>
internal sealed class RequestRefusedException(int status, Error error) : Exception(error.Description)
{
    public int Status { get; } = status;
    public Error Error { get; } = error;

    public static RequestRefusedException BadRequest(string description) => new(400, Errors.Of(Errors.ArgumentError, description));
}
