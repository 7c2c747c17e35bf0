"""What the kinds nats, kafka, rabbitmq and redis share: settings, connections, subjects."""
