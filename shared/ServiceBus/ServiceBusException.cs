namespace CtSeg.ServiceBus;

/// <summary>A Service Bus operation failed; <see cref="IsTransient"/> says whether another try may succeed.</summary>
public class ServiceBusException : Exception
{
    public ServiceBusException(string message, bool isTransient, Exception? innerException = null)
        : base(message, innerException) => IsTransient = isTransient;

    public ServiceBusException() : this("A Service Bus operation failed.", isTransient: false) { }
    public ServiceBusException(string message) : this(message, isTransient: false) { }
    public ServiceBusException(string message, Exception innerException) : this(message, isTransient: false, innerException) { }

    public bool IsTransient { get; }
}

/// <summary>The lock on a message ran out before it was settled: it is delivered again, to this or another receiver.</summary>
public sealed class MessageLockLostException : ServiceBusException
{
    public MessageLockLostException() : base("The lock on the message ran out before it was settled.") { }
    public MessageLockLostException(string message) : base(message) { }
    public MessageLockLostException(string message, Exception innerException) : base(message, innerException) { }
}
