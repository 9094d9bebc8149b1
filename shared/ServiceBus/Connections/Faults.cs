using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Azure.Identity;

namespace CtSeg.ServiceBus.Connections;

/// <summary>What went wrong, in the terms of our contract.</summary>
internal static class Faults
{
    public const string LockLost = "com.microsoft:message-lock-lost";

    /// <returns>Null for exceptions that are no faults of the service or the way to it.</returns>
    public static ServiceBusException? Translate(Exception exception) => exception switch
    {
        ServiceBusException fault => fault,
        AmqpException amqp => Translate(amqp.Error, amqp),
        AuthenticationFailedException => new ServiceBusException($"No token for Service Bus could be had from Entra ID: {exception.Message}", isTransient: false, exception),
        OperationCanceledException or TimeoutException => new ServiceBusException("Service Bus did not answer in time.", isTransient: true, exception),
        // The library throws these when the connection breaks under an operation.
        SocketException or IOException or ObjectDisposedException or InvalidOperationException =>
            new ServiceBusException($"The connection to Service Bus failed: {exception.Message}", isTransient: true, exception),
        _ => null,
    };

    public static AmqpException Closed(Error? error) =>
        new(error ?? new Error(ErrorCode.DetachForced) { Description = "The connection to Service Bus was closed." });

    private static ServiceBusException Translate(Error? error, AmqpException exception)
    {
        var condition = (string?)error?.Condition ?? ErrorCode.InternalError;
        var text = error?.Description ?? exception.Message;
        return condition == LockLost
            ? new MessageLockLostException(text, exception)
            : new ServiceBusException($"Service Bus answered {condition}: {text}", !IsPermanent(condition), exception);
    }

    private static bool IsPermanent(string condition) => condition
        is ErrorCode.UnauthorizedAccess or ErrorCode.NotFound or ErrorCode.NotAllowed or ErrorCode.NotImplemented or ErrorCode.InvalidField
        or ErrorCode.MessageSizeExceeded or ErrorCode.DecodeError or ErrorCode.ResourceDeleted or ErrorCode.PreconditionFailed
        or "com.microsoft:message-not-found" or "com.microsoft:argument-error" or "com.microsoft:argument-out-of-range"
        or "com.microsoft:entity-disabled" or "com.microsoft:auth-failed";
}
