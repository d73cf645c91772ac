//! Mobilize: attendances with their people, events, timeslots and organizations.
